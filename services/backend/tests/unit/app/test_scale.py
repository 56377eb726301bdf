"""Work over the whole store takes no more memory for five times as many pictures."""

from __future__ import annotations

import io
import tracemalloc
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO, Final

import pytest

from services.backend.tests.fakes.repository import MemoryRepository
from services.backend.tests.fakes.storage import MemoryStorage
from services.backend.tests.pictures import new_image
from services.backend.tests.unit.app.test_backup import Database, Memory
from shoebox.app.backup import Backups
from shoebox.app.copy import Copier
from shoebox.app.exporting import Exporter
from shoebox.app.sweep import Sweeper
from shoebox.db.rows import with_id
from shoebox.domain.backup import DumpedPicture
from shoebox.domain.image import Image
from shoebox.domain.listing import Listing, ListQuery
from shoebox.ports import StoredFile

FEW: Final = 2_000  # pictures; two batches of every kind of work
MANY: Final = 10_000
MARGIN: Final = 150_000  # bytes; to keep the keys of MANY pictures takes five times that
LONG_AGO: Final = datetime(2020, 1, 1, tzinfo=UTC)


def key_of(number: int) -> str:
    return f"{number:012d}.jpg"


def number_of(key: str) -> int:
    return int(key[:12])


class Rows(MemoryRepository):
    """So many rows, none of which is kept anywhere. `asked` is the most that was wanted at once."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self.count = count
        self.asked = 0

    def _next(self, after: str, limit: int) -> range:
        self.asked = max(self.asked, limit)
        first = number_of(after) + 1 if after else 0
        return range(first, min(first + limit, self.count))

    def keys(self, *, after: str = "", limit: int = 1000) -> tuple[str, ...]:
        return tuple(map(key_of, self._next(after, limit)))

    def images(self, *, after: str = "", limit: int = 1000) -> tuple[Image, ...]:
        return tuple(with_id(new_image(key=key_of(n), size=1), n) for n in self._next(after, limit))

    def known(self, keys: Iterable[str]) -> frozenset[str]:
        asked = frozenset(keys)
        self.asked = max(self.asked, len(asked))
        return frozenset(key for key in asked if number_of(key) < self.count)

    def page(self, query: ListQuery) -> Listing:
        return Listing(query=query, images=(), total=self.count, number=1, next=None, previous=None)


class Files(MemoryStorage):
    """A file of one byte for each row, and as many without a row."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self.count = count

    def open(self, key: str) -> BinaryIO:
        return io.BytesIO(b"x")

    def delete(self, key: str, sha256: str | None = None) -> None:
        assert number_of(key) >= self.count

    def files(self) -> Iterator[StoredFile]:
        for number in range(2 * self.count):
            yield StoredFile(key=key_of(number), size=1, modified=LONG_AGO.timestamp())


class Clock:
    def now(self) -> datetime:
        return datetime.now(UTC)


class Dump(Database):
    def __init__(self, count: int) -> None:
        super().__init__()
        self.count = count

    def pictures(self, file: Path) -> Iterator[DumpedPicture]:
        return (DumpedPicture(key=key_of(number), size=1, sha256="11" * 32) for number in range(self.count))


class Nowhere(io.RawIOBase):
    """Forgets what it is given."""

    def writable(self) -> bool:
        return True

    def write(self, data: bytes, /) -> int:  # type: ignore[override]  # bytes are all that is written here
        return len(data)


def sweep(rows: Rows) -> None:
    report = Sweeper(storage=Files(rows.count), repository=rows, clock=Clock()).sweep()
    assert (report.rows, report.files, report.removed) == (rows.count, 2 * rows.count, rows.count)


def check(rows: Rows) -> None:
    report = Sweeper(storage=Files(rows.count), repository=rows, clock=Clock()).check()
    assert (report.rows, report.strays, report.missing) == (rows.count, rows.count, 0)


def export(rows: Rows) -> None:
    with io.BufferedWriter(Nowhere()) as file:
        assert (
            Exporter(storage=Files(rows.count), repository=rows).write(file, lambda _done, _total: None) == rows.count
        )


def back_up(rows: Rows) -> None:
    @contextmanager
    def hold() -> Iterator[Callable[[str], BinaryIO]]:
        yield Files(rows.count).open

    backups = Backups(
        dumper=Dump(rows.count),
        archive=Memory(),
        hold=hold,
        repository=rows,
        clock=Clock(),
        keep=timedelta(days=7),
        version="1",
    )
    assert backups.run().pictures == rows.count


def copy(rows: Rows) -> None:
    copier = Copier(source=Files(rows.count), target=Files(rows.count), repository=rows)
    assert copier.run(lambda _done, _total: None).complete


def peak(work: Callable[[Rows], None], count: int) -> int:
    """The most bytes that were taken at once."""
    rows = Rows(count)
    tracemalloc.start()
    try:
        work(rows)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
        assert rows.asked <= 1000


@pytest.mark.parametrize("work", [sweep, check, export, back_up, copy])
def test_memory_does_not_grow_with_the_store(work: Callable[[Rows], None]) -> None:
    peak(work, 10)  # what is made once in a process
    assert peak(work, MANY) < peak(work, FEW) + MARGIN
