"""When a backup is taken and which are kept, by a clock that is set by hand."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import BinaryIO, Final

import pytest

from services.backend.tests.fakes.repository import MemoryRepository
from services.backend.tests.pictures import new_image
from shoebox.app.backup import RETRY, Backups, Schedule, next_due
from shoebox.domain.backup import BackupError, DumpedPicture, Manifest, backup_name
from shoebox.domain.errors import NotFound
from shoebox.ports import Saved

START: Final = datetime(2026, 11, 20, 10, 30, 0, 500000, tzinfo=UTC)
DAILY: Final = time(3, 0)
KEY: Final = "aaaaaaaaaaaa.jpg"


class Watch:
    def __init__(self) -> None:
        self.time = START

    def now(self) -> datetime:
        return self.time


class Database:
    """A dumper of one picture, or of none. `broken` makes the dump fail."""

    kind = "memory"

    def __init__(self) -> None:
        self.broken = False
        self.empty = False
        self.tries = 0

    def dump(self, file: Path) -> None:
        self.tries += 1
        if self.broken:
            raise BackupError("The database is away.")

    def pictures(self, file: Path) -> Iterator[DumpedPicture]:
        if not self.empty:
            yield DumpedPicture(key=KEY, size=7, sha256="11" * 32)

    def load(self, file: Path) -> None:
        raise NotImplementedError


@dataclass(frozen=True)
class Finished:
    """A finished backup of which nobody asks more than what it says of itself."""

    manifest: Manifest
    dump = Path("dump")

    def check(self) -> None:
        raise NotImplementedError

    def open(self, key: str) -> BinaryIO:
        raise NotImplementedError


class Memory:
    """An archive and its drafts. `lost` makes the store have no file of the picture."""

    dump = Path("dump")

    def __init__(self) -> None:
        self.finished: list[Manifest] = []
        self.taken_at: list[datetime] = []
        self.copied = 0
        self.lost = False

    def names(self) -> tuple[str, ...]:
        return tuple(sorted(manifest.name for manifest in self.finished))

    @contextmanager
    def draft(self) -> Iterator[Memory]:
        yield self

    def dump_sha256(self) -> str:
        return "00" * 32

    def keep(self, picture: DumpedPicture, open_picture: Callable[[], BinaryIO]) -> None:
        open_picture().close()

    def finish(self, manifest: Manifest) -> None:
        self.finished.append(manifest)
        self.taken_at.append(manifest.taken_at)

    def remove(self, name: str) -> None:
        self.finished = [manifest for manifest in self.finished if manifest.name != name]

    def open(self, file: Path) -> Saved:
        return Finished(next(manifest for manifest in self.finished if manifest.name == file.name))

    @contextmanager
    def hold(self) -> Iterator[Callable[[str], BinaryIO]]:
        def open_picture(key: str) -> BinaryIO:
            if self.lost:
                raise NotFound(key)
            return io.BytesIO(b"picture")

        yield open_picture


@pytest.fixture
def archive() -> Memory:
    return Memory()


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def database() -> Database:
    return Database()


@pytest.fixture
def backups(archive: Memory, database: Database, watch: Watch) -> Backups:
    repository = MemoryRepository()
    repository.add(new_image(key=KEY))
    return Backups(
        dumper=database,
        archive=archive,
        hold=archive.hold,
        repository=repository,
        clock=watch,
        keep=timedelta(days=7),
        version="test",
    )


def run_until(backups: Backups, watch: Watch, schedule: Schedule, end: datetime) -> None:
    """A scheduler whose waiting passes in no time."""

    def wait(seconds: float) -> bool:
        watch.time += timedelta(seconds=seconds)
        return watch.time >= end

    backups.run_forever(schedule, wait)


def test_daily_backups_are_kept_for_seven_days(backups: Backups, archive: Memory, watch: Watch) -> None:
    run_until(backups, watch, DAILY, START + timedelta(days=30))
    assert len(archive.taken_at) == 31
    assert archive.taken_at[0] == START.replace(microsecond=0)
    assert {(taken.hour, taken.minute) for taken in archive.taken_at[1:]} == {(3, 0)}
    newest = archive.taken_at[-1]
    assert archive.names() == tuple(backup_name(newest - timedelta(days=age)) for age in range(6, -1, -1))


def test_the_last_good_backup_is_kept_however_old_it_gets(
    backups: Backups, archive: Memory, database: Database, watch: Watch
) -> None:
    backups.run()
    database.broken = True
    run_until(backups, watch, DAILY, START + timedelta(days=30))
    assert archive.names() == (backup_name(START),)
    database.broken, archive.lost = False, True
    assert backups.run().lost == 1
    assert backup_name(START) in archive.names()


def test_a_failed_backup_is_tried_again_after_ten_minutes(
    backups: Backups, archive: Memory, database: Database, watch: Watch
) -> None:
    database.broken = True
    run_until(backups, watch, DAILY, START + timedelta(minutes=59))
    assert database.tries == 6
    database.broken = False
    run_until(backups, watch, DAILY, watch.time + RETRY)
    assert len(archive.finished) == 1


def test_two_backups_in_one_second_have_two_names(backups: Backups, archive: Memory) -> None:
    backups.run()
    backups.run()
    assert archive.names() == ("shoebox-2026-11-20T10-30-00Z", "shoebox-2026-11-20T10-30-01Z")


def test_a_clock_that_is_set_forward_brings_the_next_backup_forward(
    backups: Backups, archive: Memory, watch: Watch
) -> None:
    waits = 0

    def wait(_: float) -> bool:
        nonlocal waits
        waits += 1
        watch.time += timedelta(days=1) if waits == 2 else timedelta(seconds=1)
        return waits > 3

    backups.run_forever(DAILY, wait)
    assert len(archive.finished) == 2


@pytest.mark.parametrize(
    ("schedule", "now", "due"),
    [
        (DAILY, "2026-11-20T02:59:59", "2026-11-20T03:00:00"),
        (DAILY, "2026-11-20T03:00:00", "2026-11-21T03:00:00"),
        (DAILY, "2026-12-31T23:00:00", "2027-01-01T03:00:00"),
        (timedelta(hours=6), "2026-11-20T22:00:00", "2026-11-21T04:00:00"),
    ],
)
def test_the_next_backup_is_due(schedule: Schedule, now: str, due: str) -> None:
    assert next_due(schedule, datetime.fromisoformat(f"{now}+00:00")) == datetime.fromisoformat(f"{due}+00:00")


def test_a_store_that_came_up_empty_does_not_cost_the_last_backup_of_what_it_held(
    backups: Backups, archive: Memory, database: Database, watch: Watch
) -> None:
    run_until(backups, watch, DAILY, START + timedelta(days=2))
    full = archive.names()[-1]
    database.empty = True
    run_until(backups, watch, DAILY, START + timedelta(days=30))
    assert archive.names()[0] == full
    assert len(archive.names()) == 8
