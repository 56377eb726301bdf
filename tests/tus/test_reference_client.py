"""tus-js-client on the production topology: cut off at 37 %, gone on with elsewhere."""

from __future__ import annotations

import hashlib
import json
import shutil
import socket
import subprocess
from pathlib import Path
from typing import Any, Final

import pytest

from tests.client import Client
from tests.pictures import noise
from tests.stack.embedded import Embedded
from tests.stack.health import healthy
from tests.stack.ports import LOOPBACK
from tests.stack.process import wait_until
from tests.stack.stack import Stack
from tests.tus.relay import breaking_line

HERE: Final = Path(__file__).parent
FOLDER: Final = HERE / "node_modules"
PATIENCE: Final = 100.0  # seconds
CUT: Final = 0.37
SPOKEN: Final = {"Tus-Resumable": "1.0.0"}


@pytest.fixture(scope="session")
def node() -> str:
    """Node, with the reference client beside the script."""
    installed = FOLDER / ".package-lock.json"
    if not installed.exists() or installed.stat().st_mtime < (HERE / "package-lock.json").stat().st_mtime:
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--silent"], cwd=HERE, check=True, timeout=100)
        installed.touch()
    return shutil.which("node") or "nodejs"


@pytest.fixture(scope="module")
def picture_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("tus") / "large.png"
    file.write_bytes(noise(1800, 1700))
    return file


def play(node: str, *arguments: object) -> dict[str, Any]:
    """Run the client; what it says."""
    command = [node, str(HERE / "upload.mjs"), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=True, cwd=HERE)
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def offset_of(client: Client, place: str) -> int:
    return int(client.head(place, SPOKEN).headers["Upload-Offset"])


def assert_stored(client: Client, told: dict[str, Any], file: Path) -> None:
    assert "error" not in told, told
    image = client.get(told["image"]).json
    assert (image["original_name"], image["collection"]) == ("Straße.png", "pieces")
    kept = client.get(image["url"]).body
    assert hashlib.sha256(kept).digest() == hashlib.sha256(file.read_bytes()).digest()


def test_an_upload_that_was_cut_goes_on_on_another_worker(node: str, stack: Stack, picture_file: Path) -> None:
    cut = int(picture_file.stat().st_size * CUT)
    for index in range(2):
        stack.worker_pid(index)  # is there, though another test may have killed the one before
    with breaking_line((LOOPBACK, stack.start_port), after=cut) as line:
        broken = play(node, f"{line}/api/tus/", picture_file)
    assert "error" in broken
    other = Client(f"http://{LOOPBACK}:{stack.start_port + 1}")
    place = broken["upload"].removeprefix(line)
    wait_until(lambda: 0 < offset_of(other, place) <= cut, patience=PATIENCE, what="what was sent has arrived")
    told = play(node, f"{other.url}/api/tus/", picture_file, other.url + place)
    assert_stored(Client(stack.url), told, picture_file)


def test_an_upload_goes_on_after_its_worker_was_killed(node: str, stack: Stack, picture_file: Path) -> None:
    client, data = Client(stack.url), picture_file.read_bytes()
    cut = int(len(data) * CUT)
    announced = {"Upload-Length": str(len(data)), "Upload-Metadata": "filename U3RyYcOfZS5wbmc=,collection cGllY2Vz"}
    place = client.post("/api/tus/", headers=SPOKEN | announced).headers["Location"]
    head = f"PATCH {place} HTTP/1.1\r\nHost: a\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\n"
    head += f"Content-Type: application/offset+octet-stream\r\nContent-Length: {len(data)}\r\n\r\n"
    with socket.create_connection((client.host, client.port)) as line:
        line.sendall(head.encode() + data[:cut])
        wait_until(lambda: offset_of(client, place) == cut, patience=PATIENCE, what="what was sent has arrived")
        for index in range(stack.worker_count):
            stack.kill_worker(index)
        line.settimeout(PATIENCE)
        assert line.recv(1000).startswith(b"HTTP/1.1 502")
    wait_until(lambda: healthy(stack.url, stack.workers.process), patience=PATIENCE, what="healthy again")
    assert offset_of(client, place) == cut
    told = play(node, f"{stack.url}/api/tus/", picture_file, stack.url + place)
    assert_stored(client, told, picture_file)


def test_the_client_uploads_to_the_embedded_topology(node: str, embedded: Embedded, picture_file: Path) -> None:
    told = play(node, f"{embedded.url}/api/tus/", picture_file)
    assert_stored(Client(embedded.url), told, picture_file)
