"""Taking backups: what is in one, when one is taken, which are kept.

A picture's row is written after its file and removed before its file. So every row of a
dump had its file at the dump's moment; what is deleted between that moment and the copying
of its file is what `hold` is for: while it lasts, a deletion takes the file's name away and
leaves the file to us. It begins before the dump, so no deletion of a dumped row escapes it.

Where the storage cannot hold, such a picture is absent from the backup, and a restore takes
its row out again: its owner had deleted it before the backup was finished.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import partial
from pathlib import Path
from typing import BinaryIO, Final

from shoebox.domain.backup import DamagedPicture, Manifest, backup_name, time_of
from shoebox.domain.errors import NotFound, ShoeboxError
from shoebox.ports import Archive, Clock, Draft, Dumper, ImageRepository

log = logging.getLogger(__name__)

RETRY: Final = timedelta(minutes=10)  # after a failure; a database restart or a full disk is over by then, or not
DAY: Final = timedelta(days=1)
SECOND: Final = timedelta(seconds=1)
BATCH: Final = 1000  # keys a question to the database

OpenPicture = Callable[[str], BinaryIO]
Schedule = time | timedelta  # every day at that time (UTC), or so long after the last


@dataclass(slots=True, kw_only=True)
class _Tally:
    """What was met while the pictures were taken in."""

    pictures: int
    bytes: int
    absent: list[str]


class Backups:
    """The use case behind `shoebox backup`."""

    def __init__(
        self,
        *,
        dumper: Dumper,
        archive: Archive,
        hold: Callable[[], AbstractContextManager[OpenPicture]],
        repository: ImageRepository,
        clock: Clock,
        keep: timedelta,
        version: str,
    ) -> None:
        self._dumper = dumper
        self._archive = archive
        self._hold = hold
        self._repository = repository
        self._clock = clock
        self._keep = keep
        self._version = version

    def run(self) -> Manifest:
        """Take a backup, then remove those that are too old.

        When this returns the backup is on the disk and was read again. Pictures that are
        lost or damaged in the store do not stop it: `lost` counts them.
        """
        with self._archive.draft() as draft:
            manifest = self._take(draft)
        fields = {"backup": manifest.name, "pictures": manifest.pictures, "bytes": manifest.bytes}
        log.info("backup finished", extra=fields | {"copied": manifest.copied, "absent": len(manifest.absent)})
        if manifest.lost:
            log.error("backup lacks pictures that the store has lost", extra={"lost": manifest.lost})
        else:
            self._prune(manifest)
        return manifest

    def run_forever(self, schedule: Schedule, wait: Callable[[float], bool]) -> None:
        """One at once, then one whenever it is due, until `wait` (seconds) returns True.

        A failure is logged and tried again after ten minutes. A clock that is set forward or
        back, or a machine that slept, moves the next one and stops nothing.
        """
        due = self._clock.now()
        while True:
            # The clock is looked at every minute at most: it may have been set meanwhile.
            while (left := (due - self._clock.now()).total_seconds()) > 0:
                if wait(min(left, 60.0)):
                    return
            try:
                self.run()
                due = next_due(schedule, self._clock.now())
            except ShoeboxError as error:
                log.error("backup failed", extra={"reason": str(error)})  # noqa: TRY400  # no traceback: it is not ours
                due = min(self._clock.now() + RETRY, next_due(schedule, self._clock.now()))
            if wait(0):
                return

    def _take(self, draft: Draft) -> Manifest:
        taken_at = self._free_time()
        with self._hold() as open_picture:
            self._dumper.dump(draft.dump)
            tally = self._take_pictures(draft, open_picture)
        manifest = Manifest(
            name=backup_name(taken_at),
            taken_at=taken_at,
            version=self._version,
            database=self._dumper.kind,
            dump_sha256=draft.dump_sha256(),
            pictures=tally.pictures,
            bytes=tally.bytes,
            copied=draft.copied,
            absent=tuple(tally.absent),
            lost=self._count_lost(tally.absent),
        )
        draft.finish(manifest)
        return manifest

    def _take_pictures(self, draft: Draft, open_picture: OpenPicture) -> _Tally:
        tally = _Tally(pictures=0, bytes=0, absent=[])
        for picture in self._dumper.pictures(draft.dump):
            try:
                draft.keep(picture, partial(open_picture, picture.key))
            except (NotFound, DamagedPicture) as error:
                log.warning("picture not backed up", extra={"key": picture.key, "reason": str(error)})
                tally.absent.append(picture.key)
            else:
                tally.pictures += 1
                tally.bytes += picture.size
        return tally

    def _count_lost(self, absent: Sequence[str]) -> int:
        """Of those that could not be had, the ones that still have a row. The others were
        deleted meanwhile."""
        batches = (absent[start : start + BATCH] for start in range(0, len(absent), BATCH))
        return sum(len(self._repository.known(batch)) for batch in batches)

    def _free_time(self) -> datetime:
        """Now, or the next second of which there is no backup yet."""
        taken, names = self._clock.now().replace(microsecond=0), self._archive.names()
        while backup_name(taken) in names:
            taken += SECOND
        return taken

    def _prune(self, newest: Manifest) -> None:
        """Remove what is too old; only ever after a good one, which itself is kept."""
        names = self._archive.names()
        # A store that has come up empty must not cost, a week later, the last backup of what
        # it held.
        spared = newest.name if newest.pictures else self._newest_with_pictures(names)
        for name in names:
            taken = time_of(name)
            is_old = taken is not None and newest.taken_at - taken >= self._keep
            if is_old and name not in {newest.name, spared}:
                self._archive.remove(name)
                log.info("backup removed", extra={"backup": name})

    def _newest_with_pictures(self, names: Sequence[str]) -> str | None:
        return next((name for name in reversed(names) if self._archive.open(Path(name)).manifest.pictures), None)


def next_due(schedule: Schedule, now: datetime) -> datetime:
    """The first moment after `now` (UTC) at which a backup is due."""
    if isinstance(schedule, timedelta):
        return now + schedule
    today = datetime.combine(now.date(), schedule, tzinfo=now.tzinfo)
    return today if today > now else today + DAY
