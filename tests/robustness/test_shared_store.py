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
from tests.robustness.store import files_below
from tests.stack.embedded import Embedded
from tests.stack.process import wait_until

PATIENCE: Final = 30.0  # seconds
NO_GRACE: Final = ("--grace", "0")

Two = tuple[Embedded, Embedded]


@pytest.fixture
def two(state: Path) -> Iterator[Two]:
    """A first one with 6 pictures and then a second one with 2, on the same folder."""
    shared = {"IMAGES_DIR": str(state / "img_storage")}
    with Embedded(state=state / "first", workers=1, settings=shared) as first:
        wait_until(lambda: len(marks(first)) == 1, patience=PATIENCE, what="the first one's mark")
        upload(first, 6)
        with Embedded(state=state / "second", workers=1, settings=shared) as second:
            wait_until(lambda: len(marks(second)) == 2, patience=PATIENCE, what="the second one's mark")
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
    wait_until(lambda: "store shared" in second.app_log.read_text(), patience=PATIENCE, what="a warning")
    assert "store shared" not in first.app_log.read_text()


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


def test_a_store_that_cannot_be_marked_serves_all_the_same(state: Path) -> None:
    images = state / "img_storage"
    images.mkdir()
    (images / "marks").write_bytes(b"where a folder should be")
    with Embedded(state=state, workers=1) as system:
        wait_until(lambda: "store not marked" in system.app_log.read_text(), patience=PATIENCE, what="a warning")
        upload(system, 1)
        assert shoebox(system, "sweep", *NO_GRACE).returncode == 1
        assert stored(system) == 1
