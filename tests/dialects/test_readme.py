"""Every call that the README shows does what the line above it says."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from tests.client import Client
from tests.pictures import picture

README = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
CALLS = [line for block in re.findall(r"```sh\n(.*?)```", README, re.DOTALL) for line in block.splitlines()]
CURLS = [line for line in CALLS if line.startswith("curl ")]


def test_the_readme_shows_calls() -> None:
    assert len(CURLS) >= 10


def test_every_call_of_the_readme_succeeds(client: Client, tmp_path: Path) -> None:
    (tmp_path / "photo.jpg").write_bytes(picture(form="JPEG"))
    key = client.upload("beach.jpg", picture(form="JPEG")).json["filename"]
    for call in CURLS:
        ours = call.replace("http://localhost:8080", client.url).replace("k3J9xQ2mVb7c.jpg", key)
        done = subprocess.run(
            ["sh", "-c", ours.replace("curl ", "curl -sS --fail-with-body ", 1)],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, (call, done.stdout, done.stderr)
    assert client.get(f"/api/images/{key}").status == 404
    assert (tmp_path / "small.webp").read_bytes()[8:12] == b"WEBP"
