"""Putting the two halves of the store side by side: files on one hand, rows on the other.

An upload writes its file before its row and a deletion removes its row before its file, so
a crash leaves a file without a row and never the reverse. The sweep removes such files, and
a row without a file is not a leftover but a loss, which it reports.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from itertools import islice
from typing import Final

from shoebox.app.marks import REMEDY, Marks
from shoebox.domain.errors import NotFound
from shoebox.domain.listing import ListQuery
from shoebox.ports import BlobStorage, Clock, ImageRepository, StoredFile

log = logging.getLogger(__name__)

BATCH: Final = 1000  # keys a question to the database: what `known` and `keys` take at most
MAX_NAMED: Final = 100  # keys a report holds; a store that lost its disk would have a million
# Far longer than an upload can stand between its file and its row, whatever it waits for.
GRACE: Final = timedelta(hours=1)
LEASE_NAME: Final = "sweep"
LEASE_SECONDS: Final = 55 * 60  # less than the hour between two sweeps, or every other one would be skipped


class Phase(Enum):
    """What a sweep is busy with, in the order it goes."""

    FILES = "files"
    LEFTOVERS = "leftovers"
    ROWS = "rows"


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a phase has come. `total` is None where nobody knows it beforehand."""

    phase: Phase
    done: int
    total: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepReport:
    """What was found and done.

    `removed` counts files without a row and `leftovers` what no key names, both gone now;
    `strays` counts files without a row that were left alone because nobody asked for more
    than a check. Files younger than the grace period are no strays: their rows may follow.
    `missing` counts rows without a file and `missing_keys` holds the first 100 of them.
    `others` counts other databases whose pictures may be in the store, so that no stray is
    known to be one.
    """

    files: int
    rows: int
    removed: int
    leftovers: int
    strays: int
    missing: int
    missing_keys: tuple[str, ...]
    others: int

    @property
    def sound(self) -> bool:
        """Whether every row has its file and every old file its row."""
        return not self.missing and not self.strays

    @property
    def doubtful(self) -> bool:
        """Whether most of the files have no row. No crash leaves that: it is far more likely
        that these are the wrong rows (another database, an empty one, an old backup)."""
        return self.strays > self.files - self.strays


@dataclass(frozen=True, slots=True, kw_only=True)
class _Files:
    seen: int
    strays: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rows:
    seen: int
    missing: int
    missing_keys: tuple[str, ...]


Report = Callable[[Progress], None]


def silent(_: Progress) -> None:
    """For those who do not watch."""


class Sweeper:
    """The use case behind `shoebox sweep`, `shoebox check` and the hourly sweep."""

    def __init__(
        self, *, storage: BlobStorage, repository: ImageRepository, clock: Clock, grace: timedelta = GRACE
    ) -> None:
        self._storage = storage
        self._repository = repository
        self._clock = clock
        self._grace = grace
        self._marks = Marks(storage=storage, repository=repository)

    def require_alone(self) -> None:
        """Raises `SharedStore` where another database may have pictures in the store."""
        self._marks.require_alone()

    def claim(self) -> None:
        """Make the store this database's alone: the pictures of others are strays from now on."""
        self._marks.claim()

    def sweep(self, progress: Report = silent) -> SweepReport:
        """Remove files without a row and leftovers, both older than the grace period.

        Whatever the share of such files: who calls it has looked at a `check` first, or knows.
        Raises `SharedStore`, having changed nothing.
        """
        # In this order: whoever leaves a mark after we looked stores only what is younger than this.
        older_than = self._older_than()
        self.require_alone()
        files = self._walk_files(older_than, progress, self._storage.delete)
        progress(Progress(phase=Phase.LEFTOVERS, done=0, total=None))
        leftovers = self._storage.remove_leftovers(older_than)
        progress(Progress(phase=Phase.LEFTOVERS, done=leftovers, total=leftovers))
        report = _report(files, self._walk_rows(progress), removed=files.strays, leftovers=leftovers)
        _log(report)
        return report

    def check(self, progress: Report = silent) -> SweepReport:
        """Look at the same files and rows and change nothing."""
        others = len(self._marks.others())
        files = self._walk_files(self._older_than(), progress, _leave)
        return _report(files, self._walk_rows(progress), strays=files.strays, others=others)

    def run_once_per_deployment(self, progress: Report = silent) -> SweepReport | None:
        """`sweep` with nobody watching: None if any host of this deployment has begun one
        within the hour, and only a check if the store is shared or the outcome of that is doubtful."""
        self._marks.keep()  # so that it is there whatever the start met with, and after another's claim
        if not self._repository.lease(LEASE_NAME, LEASE_SECONDS):
            return None
        found = self.check(progress)
        if found.others or found.doubtful:
            counts = {"files": found.files, "rows": found.rows, "strays": found.strays, "others": found.others}
            log.error("sweep refused", extra=counts | ({"reason": REMEDY} if found.others else {}))
            return found
        return self.sweep(progress)

    def _older_than(self) -> float:
        # Before the first look: if the clock leaps while we walk, no file grows old by it.
        return (self._clock.now() - self._grace).timestamp()

    def _walk_files(self, older_than: float, progress: Report, found: Callable[[str], None]) -> _Files:
        total, seen, strays = self._total(), 0, 0
        for batch in _batches(self._storage.files()):
            # The rows are asked after the files were seen: an upload that has finished in
            # between is known, and one that has not is younger than the grace period.
            known = self._repository.known(file.key for file in batch)
            for file in batch:
                if file.key not in known and file.modified < older_than:
                    found(file.key)
                    strays += 1
            seen += len(batch)
            progress(Progress(phase=Phase.FILES, done=seen, total=max(seen, total)))
        return _Files(seen=seen, strays=strays)

    def _walk_rows(self, progress: Report) -> _Rows:
        total, seen, missing, after = self._total(), 0, 0, ""
        named: list[str] = []
        while keys := self._repository.keys(after=after, limit=BATCH):
            absent = [key for key in keys if not self._is_stored(key)]
            # Asked again after the file was not found: of a picture that was deleted
            # meanwhile, the row went first.
            lost = sorted(self._repository.known(absent)) if absent else []
            missing += len(lost)
            named += lost[: MAX_NAMED - len(named)]
            seen += len(keys)
            after = keys[-1]
            progress(Progress(phase=Phase.ROWS, done=seen, total=max(seen, total)))
        return _Rows(seen=seen, missing=missing, missing_keys=tuple(named))

    def _is_stored(self, key: str) -> bool:
        try:
            self._storage.open(key).close()
        except NotFound:
            return False
        return True

    def _total(self) -> int:
        return self._repository.page(ListQuery(size=1)).total


def _leave(_: str) -> None:
    """What a check does about a stray."""


def _batches(files: Iterable[StoredFile]) -> Iterator[list[StoredFile]]:
    rest = iter(files)
    while batch := list(islice(rest, BATCH)):
        yield batch


def _report(
    files: _Files, rows: _Rows, *, removed: int = 0, leftovers: int = 0, strays: int = 0, others: int = 0
) -> SweepReport:
    return SweepReport(
        files=files.seen,
        rows=rows.seen,
        removed=removed,
        leftovers=leftovers,
        strays=strays,
        missing=rows.missing,
        missing_keys=rows.missing_keys,
        others=others,
    )


def _log(report: SweepReport) -> None:
    counts = {
        "files": report.files,
        "rows": report.rows,
        "removed": report.removed,
        "leftovers": report.leftovers,
        "missing": report.missing,
    }
    level = logging.ERROR if report.missing else logging.INFO
    log.log(level, "store swept", extra=counts)
