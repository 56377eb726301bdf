"""A disk fills up, is emptied again, or can only be read any more."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Final

import pytest

from tests.client import Answer, Client, File
from tests.pictures import noise
from tests.robustness.crowd import shared_out
from tests.robustness.disks import read_only, small_disk
from tests.robustness.processes import MIB
from tests.robustness.store import assert_sound, staged
from tests.stack.embedded import Embedded
from tests.stack.process import wait_until
from tests.stack.stack import Stack

DISK: Final = 6 * MIB
SIDE: Final = 400  # pixels; half a MiB a picture
CLIENTS: Final = 8
TRIES: Final = 40  # uploads; far more than the disk holds
PATIENCE: Final = 60.0  # seconds


@pytest.fixture(scope="module", params=["embedded", "all on one disk", "stack"])
def on_small_disk(request: pytest.FixtureRequest, state_root: Path) -> Iterator[Embedded | Stack]:
    """A system of its own on a disk that holds few pictures: pictures alone, or all that is written."""
    state = state_root / f"cramped-{request.param.replace(' ', '-')}"
    with ExitStack() as held:
        held.enter_context(small_disk(state if "all" in request.param else state / "img_storage", DISK))
        running = Stack(state=state, workers=2, fsync=False) if request.param == "stack" else Embedded(state=state)
        yield held.enter_context(running)


@pytest.fixture
def cramped(on_small_disk: Embedded | Stack) -> Iterator[Embedded | Stack]:
    """The same, empty."""
    yield on_small_disk
    Client(on_small_disk.url).clear()


def refused(answer: Answer) -> bool:
    """Whether an upload was refused for want of room, rather than taken. Anything else is wrong."""
    if answer.status == 507:
        assert (answer.type, answer.json["code"]) == ("application/problem+json", "insufficient_storage")
        return True
    assert answer.status == 201, answer.text
    return False


def fill(client: Client) -> dict[str, bytes]:
    """Many clients upload until nobody gets anything in; what was taken."""
    taken: dict[str, bytes] = {}

    def upload(data: bytes) -> bool:
        answer = client.upload("a.png", data)
        if refused(answer):
            return False
        taken[answer.json["filename"]] = data
        return True

    while any(shared_out(upload, [noise(SIDE, SIDE) for _ in range(TRIES // 2)], clients=CLIENTS)):
        pass
    return taken


def stuff(folder: Path) -> Path:
    """Take what room is left, to the last byte; returns the file that has it."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(4096))
    return ballast


def test_a_full_disk_refuses_whole_pictures_and_takes_them_again_when_there_is_room(cramped: Embedded | Stack) -> None:
    client = Client(cramped.url)
    taken = fill(client)
    assert 3 < len(taken) < TRIES
    assert_sound(cramped)
    assert {key: client.get(f"/images/{key}").body for key in taken} == taken
    ballast = stuff(cramped.layout.images)
    deletions = [client.delete(key) for key in [*taken][:3]]
    assert [answer.status for answer in deletions] == [200] * 3
    assert client.upload("again.png", noise(SIDE, SIDE)).status == 201
    ballast.unlink()
    assert_sound(cramped)


def test_thumbnails_are_shown_even_where_there_is_no_room_to_keep_them(cramped: Embedded | Stack) -> None:
    client = Client(cramped.url)
    for key in fill(client):
        for width in (160, 1280):
            answer = client.get(f"/thumbs/{width}/{key}")
            assert (answer.status, answer.type) == (200, "image/webp")
    assert_sound(cramped)


def test_of_several_files_those_that_fit_are_taken(cramped: Embedded | Stack) -> None:
    client = Client(cramped.url)
    answer = client.upload_all([File(name=f"{n}.png", data=noise(SIDE, SIDE)) for n in range(16)])
    assert answer.status == 207
    assert answer.json["images"]
    assert {error["code"] for error in answer.json["errors"]} == {"insufficient_storage"}
    assert_sound(cramped)


def test_a_disk_that_can_only_be_read_is_told_and_what_is_there_is_still_shown(cramped: Embedded | Stack) -> None:
    client = Client(cramped.url)
    data = noise(20, 20)
    key = client.upload("a.png", data).json["filename"]
    with read_only(cramped.layout.images):
        health = client.get("/health")
        assert (health.status, health.json["status"]) == (503, "unhealthy")
        assert "read-only" in health.json["storage"]
        upload = client.upload("b.png", noise(20, 20))
        assert (upload.status, upload.json["code"]) == (503, "unavailable")
        assert upload.headers["Retry-After"]
        assert client.get(f"/images/{key}").body == data
        assert client.get(f"/thumbs/320/{key}").status == 200
        assert client.list().json["files"] == [key]
    wait_until(lambda: client.get("/health").status == 200, patience=PATIENCE, what="healthy again")
    assert client.upload("b.png", noise(20, 20)).status == 201
    assert_sound(cramped)


def test_a_front_door_without_room_for_bodies_says_so(state: Path) -> None:
    bodies = state / "stack" / "nginx" / "body"
    with small_disk(bodies, MIB), Stack(state=state, workers=2, fsync=False) as stack:
        client = Client(stack.url)
        large, small = noise(800, 800), noise(100, 100)
        assert refused(client.upload("large.png", large))
        assert not refused(client.upload("small.png", small))
        assert staged(stack) == []
        assert client.list().json["total_items"] == 1
        assert client.get("/health").status == 200
