"""Bringing every picture from one store to another while the service goes on."""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from typing import BinaryIO, Final

from shoebox.app.marks import Marks
from shoebox.domain.errors import NotFound
from shoebox.domain.image import THUMBNAIL_WIDTHS, Image
from shoebox.domain.listing import ListQuery
from shoebox.ports import BlobStorage, ImageRepository

log = logging.getLogger(__name__)

BATCH: Final = 500  # rows read at once
AT_ONCE: Final = 8  # pictures under way: a distant store answers one in tens of milliseconds
CHUNK: Final = 1024 * 1024  # bytes; eight of these are in memory
MAX_NAMED: Final = 100


class Outcome(Enum):
    """What became of one picture."""

    COPIED = "copied"
    PRESENT = "present"  # copied before
    GONE = "gone"  # deleted meanwhile
    LOST = "lost"  # it has a row and the source has no file
    DAMAGED = "damaged"  # the bytes are not those of its row, on either side


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyReport:
    """How many pictures had which outcome; `named` holds the first 100 that failed."""

    counts: dict[Outcome, int]
    named: tuple[tuple[str, Outcome], ...]

    @property
    def complete(self) -> bool:
        """Whether every row's picture is in the target now."""
        return not self.named


class Copier:
    """The use case behind `shoebox storage copy`."""

    def __init__(self, *, source: BlobStorage, target: BlobStorage, repository: ImageRepository) -> None:
        self._source = source
        self._target = target
        self._repository = repository

    def run(self, progress: Callable[[int, int], None], *, verify: bool = False) -> CopyReport:
        """Copy what the target lacks, with its thumbnails. Each is compared with its row's
        SHA-256 before it is published, so that one which is there needs no second look and a
        run that was broken off is taken up by another; `verify` reads those again as well.

        `progress` is told the pictures done and an estimate of all. Raises what the stores do.
        """
        Marks(storage=self._target, repository=self._repository).leave()
        total, done = self._repository.page(ListQuery(size=1)).total, 0
        counts = dict.fromkeys(Outcome, 0)
        named: list[tuple[str, Outcome]] = []
        with ThreadPoolExecutor(AT_ONCE) as pool:
            for batch in self._batches():
                for image, outcome in zip(
                    batch, pool.map(lambda image: self._bring(image, verify), batch), strict=True
                ):
                    counts[outcome] += 1
                    if outcome in {Outcome.LOST, Outcome.DAMAGED} and len(named) < MAX_NAMED:
                        named.append((image.key, outcome))
                done += len(batch)
                progress(done, max(done, total))
        log.info("store copied", extra={outcome.value: count for outcome, count in counts.items()})
        return CopyReport(counts=counts, named=tuple(named))

    def _batches(self) -> Iterator[tuple[Image, ...]]:
        after = ""
        while images := self._repository.images(after=after, limit=BATCH):
            yield images
            after = images[-1].key

    def _bring(self, image: Image, verify: bool) -> Outcome:
        try:
            with self._target.open(image.key) as file:
                whole = _digest(file) == image.facts.sha256 if verify else _size(file) == image.facts.size
                return Outcome.PRESENT if whole else Outcome.DAMAGED
        except NotFound:
            pass
        try:
            outcome = self._copy(image)
        except NotFound:
            return Outcome.LOST if self._has_row(image.key) else Outcome.GONE
        # The row is looked at after the file was published: a deletion takes the row first, so
        # that either it finds the file in the target, or we find no row.
        if outcome is Outcome.COPIED and not self._has_row(image.key):
            self._target.delete(image.key, image.facts.sha256)
            return Outcome.GONE
        return outcome

    def _copy(self, image: Image) -> Outcome:
        digest = hashlib.sha256()
        with self._source.open(image.key) as file, self._target.stage() as staged:
            while data := file.read(CHUNK):
                digest.update(data)
                staged.write(data)
            if digest.hexdigest() != image.facts.sha256:
                return Outcome.DAMAGED
            self._target.publish(staged, image.key, image.facts.sha256)
        for width in THUMBNAIL_WIDTHS:
            with suppress(NotFound), self._source.open_thumbnail(image.key, width) as thumbnail:
                self._target.put_thumbnail(image.key, width, thumbnail.read())
        return Outcome.COPIED

    def _has_row(self, key: str) -> bool:
        return key in self._repository.known([key])


def _size(file: BinaryIO) -> int:
    return file.seek(0, os.SEEK_END)


def _digest(file: BinaryIO) -> str:
    digest = hashlib.sha256()
    while data := file.read(CHUNK):
        digest.update(data)
    return digest.hexdigest()
