"""A deletion that was answered is final, whoever had the picture open or asked for it before."""

from __future__ import annotations

import re
import signal
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Final

from tests.client import Client
from tests.pictures import noise
from tests.robustness.crowd import at_once
from tests.robustness.processes import workers
from tests.stack.embedded import Embedded
from tests.stack.process import send, wait_until
from tests.stack.stack import Stack

WIDTHS: Final = (160, 320, 640, 1280)
CONNECTIONS: Final = 5  # each to one of Nginx's or our processes
ROUNDS: Final = 20  # on each connection; 100 in all
PARALLEL: Final = 20
PATIENCE: Final = 60.0  # seconds


def addresses(key: str) -> list[str]:
    return [f"/images/{key}", *(f"/thumbs/{width}/{key}" for width in WIDTHS)]


def unfreed(topology: Embedded | Stack, pid: int) -> list[str]:
    """The pictures that the process has open and that have no name any more."""
    found = []
    with suppress(OSError):  # the process has ended
        for fd in Path(f"/proc/{pid}/fd").iterdir():
            with suppress(FileNotFoundError):  # it was closed meanwhile
                found.append(str(fd.readlink()))
    return [path for path in found if path.startswith(str(topology.layout.images)) and path.endswith(" (deleted)")]


def freers(topology: Embedded | Stack) -> list[int]:
    """Each that there was, by what was logged when it was ready."""
    told = re.findall(r"process ready program=freer index=0 pid=(\d+)", topology.app_log.read_text())
    return [int(pid) for pid in told]


def test_a_deleted_picture_is_gone_for_everybody_who_has_seen_it(client: Client) -> None:
    key = client.upload("a.jpg", noise(1400, 40, form="JPEG")).json["filename"]
    with ExitStack() as held:
        visitors = [held.enter_context(client.keep_alive()) for _ in range(CONNECTIONS)]
        for visitor in visitors:
            seen = {visitor.get(path).status for _ in range(ROUNDS) for path in addresses(key)}
            assert seen == {200}
        assert visitors[0].delete(key).status == 200
        for visitor in visitors:
            assert [visitor.get(path).status for path in addresses(key)] == [404] * 5
            assert [visitor.head(path).status for path in addresses(key)] == [404] * 5
            assert visitor.get(f"/api/images/{key}").status == 404


def test_nothing_of_a_deleted_picture_is_left_on_the_disk(topology: Embedded | Stack) -> None:
    client = Client(topology.url)
    image = client.upload("a.png", noise(700, 20)).json
    for path in addresses(image["filename"]):
        client.get(path)
    names = {image["filename"], image["sha256"]}
    assert {path.name for path in topology.layout.images.rglob("*")} >= names
    client.delete(image["filename"])
    assert not names & {path.name for path in topology.layout.images.rglob("*")}


def test_of_parallel_deletions_one_deletes(client: Client) -> None:
    key = client.upload("a.png", noise(40, 40)).json["filename"]
    answers = at_once([lambda: client.delete(key)] * PARALLEL)
    assert sorted(answer.status for answer in answers) == [200] + [404] * (PARALLEL - 1)


def test_no_thumbnail_outlives_a_picture_that_is_deleted_while_it_is_made(topology: Embedded | Stack) -> None:
    client = Client(topology.url)
    for _ in range(PARALLEL):
        key = client.upload("a.png", noise(300, 200)).json["filename"]
        visits = [lambda width=width, key=key: client.get(f"/thumbs/{width}/{key}") for width in WIDTHS]
        *seen, deleted = at_once([*visits, lambda key=key: client.delete(key)])
        assert deleted.status == 200
        assert {answer.status for answer in seen} <= {200, 404}
        assert [client.get(path).status for path in addresses(key)] == [404] * 5
        assert not list((topology.layout.images / "thumbs").rglob(key))


def test_a_worker_that_dies_has_nothing_of_what_it_deleted_to_free(topology: Embedded | Stack) -> None:
    client = Client(topology.url)
    keys = [client.upload("a.png", noise(300, 200)).json["filename"] for _ in range(PARALLEL)]
    for key in keys:
        assert client.delete(key).status == 200
    held = [path for pid in workers(topology) for path in unfreed(topology, pid)]
    assert not [path for path in held for key in keys if key in path]


def test_what_was_deleted_is_freed_also_when_the_process_that_does_it_is_killed(state: Path) -> None:
    with Embedded(state=state) as system:
        client = Client(system.url)
        for kills in range(3):
            keys = [client.upload("a.png", noise(300, 200)).json["filename"] for _ in range(3)]
            assert client.delete(keys[0]).status == 200
            wait_until(lambda kills=kills: len(freers(system)) > kills, patience=PATIENCE, what="another freer")
            send(freers(system)[-1], signal.SIGKILL)
            assert [client.delete(key).status for key in keys[1:]] == [200, 200]
            assert {client.get(path).status for key in keys for path in addresses(key)} == {404}
        wait_until(
            lambda: not any(unfreed(system, pid) for pid in system.workers.pids), patience=PATIENCE, what="all is freed"
        )
