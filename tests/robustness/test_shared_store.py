"""Two systems that were given one folder of pictures: neither loses any of the other's."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Final

import pytest

from shoebox.config import load
from shoebox.wiring import build_sweeper
from tests.client import Client
from tests.pictures import noise
from tests.robustness.command import shoebox
from tests.robustness.crowd import at_once
from tests.robustness.store import files_below
from tests.stack.embedded import Embedded
from tests.stack.logs import mentions
from tests.stack.process import wait_until

PATIENCE: Final = 60.0  # seconds
NO_GRACE: Final = ("--grace", "0")

Two = tuple[Embedded, Embedded]


@pytest.fixture
def two(state: Path) -> Iterator[Two]:
    """A first one with 6 pictures and then a second one with 2, on the same folder."""
    shared = {"IMAGES_DIR": str(state / "img_storage")}
    with Embedded(state=state / "first", workers=1, settings=shared) as first:
        # It has looked for others before there is one.
        marker = "process ended program=marker"
        wait_until(lambda: mentions(first.app_log, marker), patience=PATIENCE, what="the first one's look")
        upload(first, 6)
        with Embedded(state=state / "second", workers=1, settings=shared) as second:
            upload(second, 2)
            yield first, second


def marks(system: Embedded) -> list[Path]:
    return list((system.layout.images / "marks").iterdir())


def upload(system: Embedded, count: int) -> None:
    client = Client(system.url)
    assert {client.upload("a.png", noise(30, 20)).status for _ in range(count)} == {201}


def stored(system: Embedded) -> int:
    return len(files_below(system.layout.images / "images"))


def sweep_unwatched(system: Embedded) -> None:
    """What is done once an hour, an hour later."""
    config = load(system.workers.process.env)
    report = build_sweeper(config, grace=timedelta(0)).run_once_per_deployment()
    assert report is None or (report.others, report.removed) == (1, 0)


def test_no_sweep_of_either_takes_a_picture(two: Two) -> None:
    for system in two:
        sweep_unwatched(system)
        for arguments in (NO_GRACE, (*NO_GRACE, "--force")):
            refused = shoebox(system, "sweep", *arguments)
            assert refused.returncode == 1
            assert "shoebox sweep --claim" in refused.stderr
    assert stored(two[0]) == 8
    for system, count in zip(two, (6, 2), strict=True):
        client = Client(system.url)
        keys = client.list().json["files"]
        assert len(keys) == count
        assert {client.get(f"/images/{key}").status for key in keys} == {200}


def test_a_check_says_that_the_store_is_shared(two: Two) -> None:
    for system in two:
        checked = shoebox(system, "check")
        assert checked.returncode == 1
        assert "Another database keeps pictures in this store" in checked.stderr


def test_the_second_one_is_warned_when_it_starts(two: Two) -> None:
    first, second = two
    wait_until(lambda: mentions(second.app_log, "store shared"), patience=PATIENCE, what="a warning")
    assert not mentions(first.app_log, "store shared")


def test_who_claims_the_store_sweeps_it(two: Two) -> None:
    first, second = two
    second.stop()
    claimed = shoebox(first, "sweep", *NO_GRACE, "--claim")
    assert claimed.returncode == 0, claimed.stdout + claimed.stderr
    assert "removed 2" in claimed.stdout
    assert stored(first) == 6
    assert len(marks(first)) == 1
    assert shoebox(first, "check").returncode == 0


def test_a_claim_of_a_database_without_most_of_the_files_is_no_permission_to_remove_them(two: Two) -> None:
    first, second = two
    first.stop()
    refused = shoebox(second, "sweep", *NO_GRACE, "--claim")
    assert refused.returncode == 1
    assert "--force" in refused.stderr
    assert stored(second) == 8
    assert len(marks(second)) == 2


def test_who_looked_around_and_stored_nothing_is_in_nobodys_way(state: Path) -> None:
    shared = {"IMAGES_DIR": str(state / "img_storage")}
    with Embedded(state=state / "first", workers=1, settings=shared) as first:
        assert Client(first.url).list().json["total_items"] == 0
        assert shoebox(first, "sweep", *NO_GRACE).returncode == 0
    with Embedded(state=state / "second", workers=1, settings=shared) as second:
        upload(second, 2)
        for command in (("check",), ("sweep", *NO_GRACE)):
            done = shoebox(second, *command)
            assert done.returncode == 0, done.stdout + done.stderr
        assert not mentions(second.app_log, "store shared")
        assert len(marks(second)) == 1


def test_each_of_two_that_get_their_first_pictures_at_once_leaves_its_mark(state: Path) -> None:
    shared = {"IMAGES_DIR": str(state / "img_storage")}
    with (
        Embedded(state=state / "first", settings=shared) as first,
        Embedded(state=state / "second", settings=shared) as second,
    ):
        assert marks(first) == []
        at_once([lambda system=system: upload(system, 1) for system in (first, second) for _ in range(4)])
        assert len(marks(first)) == 2
        for system in (first, second):
            assert shoebox(system, "sweep", *NO_GRACE, "--force").returncode == 1
        assert stored(first) == 8


def test_a_store_from_before_there_were_marks_is_marked_by_the_start(state: Path) -> None:
    with Embedded(state=state, workers=1) as system:
        upload(system, 1)
        for mark in marks(system):
            mark.unlink()
        system.stop()
        system.start()
        wait_until(lambda: len(marks(system)) == 1, patience=PATIENCE, what="a mark")


def test_a_database_that_was_emptied_keeps_its_mark(state: Path) -> None:
    with Embedded(state=state, workers=1) as system:
        client = Client(system.url)
        client.delete(client.upload("a.png", noise(30, 20)).json["filename"])
        assert shoebox(system, "sweep", *NO_GRACE).returncode == 0
        assert len(marks(system)) == 1


def test_a_store_that_cannot_be_marked_takes_no_picture_until_it_can(state: Path) -> None:
    images = state / "img_storage"
    images.mkdir()
    (images / "marks").write_bytes(b"where a folder should be")
    with Embedded(state=state, workers=1) as system:
        wait_until(lambda: mentions(system.app_log, "store not marked"), patience=PATIENCE, what="a warning")
        client = Client(system.url)
        assert (refused := client.upload("a.png", noise(30, 20))).status == 503
        assert refused.json["code"] == "unavailable"
        assert (stored(system), client.list().json["total_items"]) == (0, 0)
        assert shoebox(system, "sweep", *NO_GRACE).returncode == 1
        (images / "marks").unlink()
        system.workers.process.account.own(images / "marks")
        upload(system, 1)
        assert len(marks(system)) == 1
