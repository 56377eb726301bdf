"""Lists that Nginx gives by itself: never one of before a change, whoever makes it and however."""

from __future__ import annotations

import base64
import subprocess
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.client import Client
from tests.pictures import picture
from tests.robustness.command import shoebox
from tests.stack.lists import keep
from tests.stack.stack import Stack

Change = Callable[[Stack, Client, str, Path], None]


def upload(_: Stack, client: Client, collection: str, __: Path) -> None:
    assert client.upload("new.png", picture(), fields={"collection": collection}).status == 201


def put(_: Stack, client: Client, collection: str, __: Path) -> None:
    assert client.request("PUT", f"/api/upload/new.png?collection={collection}", body=picture()).status == 201


def upload_by_tus(_: Stack, client: Client, collection: str, __: Path) -> None:
    data, tus = picture(), {"Tus-Resumable": "1.0.0"}
    told = {"filename": "new.png", "collection": collection}
    metadata = ",".join(f"{name} {base64.b64encode(value.encode()).decode()}" for name, value in told.items())
    headers = {**tus, "Upload-Length": str(len(data)), "Upload-Metadata": metadata}
    place = client.post("/api/tus/", headers=headers).headers["Location"].removeprefix(client.url)
    headers = {**tus, "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
    assert client.request("PATCH", place, body=data, headers=headers).status == 204


def upload_as_older_clients(_: Stack, client: Client, collection: str, __: Path) -> None:
    assert client.upload("new.png", picture(), path=f"/upload/{collection}").status == 201


def import_folder(system: Stack, _: Client, collection: str, folder: Path) -> None:
    taken_in = system.layout.work / f"import-{collection}"
    taken_in.mkdir(mode=0o755)
    (taken_in / "new.png").write_bytes(picture())
    done: subprocess.CompletedProcess[str] = shoebox(system, "import", str(taken_in), "--collection", collection)
    assert "imported 1" in done.stdout, done.stdout + done.stderr


@pytest.mark.parametrize("change", [upload, put, upload_by_tus, upload_as_older_clients, import_folder])
def test_the_next_list_has_what_was_added(
    system: Stack, visitor: Client, collection: str, tmp_path: Path, change: Change
) -> None:
    queries = [f"collection={collection}", f"page=1&per_page=20&collection={collection}", "per_page=1"]
    for query in queries:
        keep(system, query)
    with ExitStack() as held:
        others = [held.enter_context(visitor.keep_alive()) for _ in range(system.worker_count)]
        assert [other.list(collection=collection).json["total_items"] for other in others] == [0] * system.worker_count
        change(system, visitor, collection, tmp_path)
        for other in others:
            for query in queries:
                assert other.get(f"/api/images/?{query}").json["images"][0]["original_name"] == "new.png"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("DELETE", "/api/images/{key}"),
        ("POST", "/delete/{key}"),
        ("DELETE", "/delete/{number}"),
    ],
)
def test_the_next_list_lacks_what_was_deleted(
    system: Stack, visitor: Client, collection: str, method: str, path: str
) -> None:
    image = visitor.upload("a.png", picture(), fields={"collection": collection}).json
    queries = [f"collection={collection}", f"page=1&collection={collection}"]
    for query in queries:
        assert keep(system, query).json["files"] == [image["filename"]]
    address = path.format(key=image["filename"], number=image["id"])
    assert visitor.request(method, address).status in {200, 303}
    for query in queries:
        assert visitor.get(f"/api/images/?{query}").json["files"] == []


def test_what_one_worker_changed_no_other_remembers(system: Stack, visitor: Client, collection: str) -> None:
    """Past Nginx: whichever worker changes, Nginx gives no file of before."""
    query = f"collection={collection}"
    for index in range(system.worker_count):
        assert keep(system, query).json["total_items"] == index
        worker = Client(f"http://127.0.0.1:{system.start_port + index}")
        assert worker.upload("a.png", picture(), fields={"collection": collection}).status == 201
        assert visitor.get(f"/api/images/?{query}").json["total_items"] == index + 1
