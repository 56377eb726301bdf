"""Putting a backup back: files first, then the rows in one step, then a look at both.

It works while the service runs. Until the rows are exchanged, visitors see the store as it
was; files without a row are nobody's. After it, every row has its file.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from shoebox.app.marks import Marks
from shoebox.app.sweep import Sweeper, SweepReport
from shoebox.domain.backup import BackupError, DamagedPicture, DumpedPicture, Manifest
from shoebox.domain.errors import NotFound
from shoebox.domain.listing import ListQuery
from shoebox.ports import Archive, BlobStorage, Dumper, ImageRepository, Listings, Saved

log = logging.getLogger(__name__)

CHUNK: Final = 1024 * 1024  # bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What was put back, and what the store looks like now. `left_out` are pictures of the
    dump that have no row now, because the backup has no good file of them."""

    manifest: Manifest
    left_out: int
    report: SweepReport


class Restoration:
    """The use case behind `shoebox restore`."""

    def __init__(
        self,
        *,
        dumper: Dumper,
        archive: Archive,
        storage: BlobStorage,
        repository: ImageRepository,
        listings: Listings,
        migrate: Callable[[], object],
        sweeper: Sweeper,
    ) -> None:
        self._dumper = dumper
        self._archive = archive
        self._storage = storage
        self._repository = repository
        self._listings = listings
        self._migrate = migrate
        self._sweeper = sweeper
        self._marks = Marks(storage=storage, repository=repository)

    def run(self, file: Path, *, force: bool = False, skip_damaged: bool = False) -> Restored:
        """Put the backup at `file` in the place of what the store holds.

        Raises `BackupError`, having changed no row, where the store holds pictures (unless
        `force`), the backup is damaged or lacks pictures that it should have (unless
        `skip_damaged`, which leaves them out), or is of another kind of database. Running it
        again after it was interrupted finishes it.
        """
        saved = self._archive.open(file)
        self._refuse(saved, force=force)
        replaced = self._marks.leave()
        left_out = self._put_files(saved, skip_damaged=skip_damaged)
        with self._listings.changing():
            self._dumper.load(saved.dump)
            self._migrate()
        # The marks of others stay: that this database was restored says nothing of theirs.
        if self._marks.leave() != replaced:
            self._storage.unmark(replaced)
        for key in left_out:
            with suppress(NotFound):
                self._repository.delete(key)
        # A sweep may have met the files when they had no row yet.
        for picture in self._dumper.pictures(saved.dump):
            if picture.key not in left_out:
                self._put(saved, picture)
        alone = not self._marks.others()
        report = self._sweeper.sweep() if force and alone else self._sweeper.check()
        fields = {"backup": saved.manifest.name, "pictures": report.rows, "left_out": len(left_out)}
        log.info("backup restored", extra=fields)
        return Restored(manifest=saved.manifest, left_out=len(left_out), report=report)

    def _refuse(self, saved: Saved, *, force: bool) -> None:
        manifest = saved.manifest
        if manifest.database != self._dumper.kind:
            raise BackupError(
                f"This is a backup of {manifest.database}, and the store's database is {self._dumper.kind}."
            )
        saved.check()
        rows = self._repository.page(ListQuery(size=1)).total
        if rows and not force:
            raise BackupError(
                f"The store holds {rows} pictures. --force (make: FORCE=1) puts the backup in their place."
            )

    def _put_files(self, saved: Saved, *, skip_damaged: bool) -> frozenset[str]:
        """Publish every picture; returns the keys of those that are not to be had."""
        left_out = set(saved.manifest.absent)
        for picture in self._dumper.pictures(saved.dump):
            if picture.key in left_out:
                continue
            try:
                self._put(saved, picture, verify=True)
            except (NotFound, DamagedPicture) as error:
                if not skip_damaged:
                    raise BackupError(f"{error} --skip-damaged restores the others.") from error
                log.error("picture not restored", extra={"key": picture.key, "reason": str(error)})  # noqa: TRY400  # told whole
                left_out.add(picture.key)
        return frozenset(left_out)

    def _put(self, saved: Saved, picture: DumpedPicture, *, verify: bool = False) -> None:
        if self._is_there(picture, verify=verify):
            return
        with saved.open(picture.key) as source, self._storage.stage() as staged:
            digest = hashlib.sha256()
            try:
                while chunk := source.read(CHUNK):
                    digest.update(chunk)
                    staged.write(chunk)
            except OSError as error:  # of reading; a staged file raises the domain's own
                raise DamagedPicture(f"The picture '{picture.key}' cannot be read: {error.strerror}.") from error
            if digest.hexdigest() != picture.sha256:
                raise DamagedPicture(f"The picture '{picture.key}' is damaged in the backup.")
            self._storage.publish(staged, picture.key, picture.sha256)

    def _is_there(self, picture: DumpedPicture, *, verify: bool) -> bool:
        """Whether the store has the file already; one with other bytes is taken away."""
        try:
            with self._storage.open(picture.key) as file:
                if not verify or _digest(file) == picture.sha256:
                    return True
        except NotFound:
            return False
        except OSError as error:
            log.warning("picture cannot be read", extra={"key": picture.key, "reason": str(error)})
        self._storage.delete(picture.key)
        return False


def _digest(file: BinaryIO) -> str:
    digest = hashlib.sha256()
    while chunk := file.read(CHUNK):
        digest.update(chunk)
    return digest.hexdigest()
