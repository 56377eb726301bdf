"""Taking a picture in: receive, examine, publish, record."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from shoebox.app.marks import Marks
from shoebox.domain.errors import BadRequest, FileTooLarge, ShoeboxError, StorageFull
from shoebox.domain.image import GALLERY_WIDTH, Image, NewImage
from shoebox.domain.names import clean_original_name, new_key
from shoebox.ports import BlobStorage, Clock, ImageCodec, ImageRepository, Staged

log = logging.getLogger(__name__)

MAX_FILES: Final = 20  # files a request: as many as people drop at once, and a bound on staging


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadLimits:
    """What is accepted; pages and errors tell these numbers to people."""

    max_file_size: int  # bytes
    max_pixels: int  # width x height x frames
    max_jpeg_pixels: int  # JPEG is decoded at reduced size, so more is affordable
    max_files: int = MAX_FILES


class Incoming:
    """A file on its way in. It exists nowhere a reader could find it."""

    def __init__(self, staged: Staged, max_size: int) -> None:
        self.staged = staged
        self._max_size = max_size

    @property
    def size(self) -> int:
        """Bytes received so far."""
        return self.staged.size

    def write(self, chunk: bytes | bytearray | memoryview) -> None:
        """Append. Raises `FileTooLarge` before the limit is passed, `StorageFull` when the disk is."""
        if self.staged.size + len(chunk) > self._max_size:
            raise too_large(self._max_size)
        self.staged.write(chunk)


def too_large(max_size: int) -> FileTooLarge:
    """The error for a file over `max_size` bytes, naming the limit."""
    return FileTooLarge(f"The file is larger than the limit of {max_size} bytes ({max_size / 1024**2:g} MiB).")


def _unasked(_: NewImage) -> None:
    """For those who need not find a picture after a crash."""


class Uploads:
    """The use case that makes a 201 true."""

    def __init__(
        self,
        *,
        storage: BlobStorage,
        repository: ImageRepository,
        codec: ImageCodec,
        clock: Clock,
        limits: UploadLimits,
    ) -> None:
        self.limits = limits
        self._storage = storage
        self._repository = repository
        self._codec = codec
        self._clock = clock
        self._marks = Marks(storage=storage, repository=repository)

    @contextmanager
    def receive(self) -> Iterator[Incoming]:
        """A place to write one file to; gone after the block unless it was stored."""
        with self._storage.stage() as staged:
            yield Incoming(staged, self.limits.max_file_size)

    def store(
        self,
        incoming: Incoming,
        *,
        original_name: str,
        collection: str | None,
        uploaded_at: datetime | None = None,
        before: Callable[[NewImage], None] = _unasked,
    ) -> Image:
        """Examine the received bytes and keep them. When this returns the picture is durable.

        `uploaded_at` is aware; now, if it is not given. `before` is told of the picture when
        nothing of it can be seen yet: who writes the key down then, finds it after a crash.

        Raises `BadRequest` for an empty file and everything `ImageCodec.examine`,
        `BlobStorage.publish` and `ImageRepository.add` raise; then nothing is kept.
        """
        if incoming.size == 0:
            raise BadRequest("The file is empty.")
        examined = self._codec.examine(incoming.staged)
        new = NewImage(
            key=new_key(examined.facts.format),
            original_name=clean_original_name(original_name),
            facts=examined.facts,
            uploaded_at=uploaded_at or self._clock.now(),
            collection=collection,
        )
        before(new)
        image = self._keep(incoming.staged, new, examined.thumbnail)
        log.info("image stored", extra={"key": image.key, "bytes": image.facts.size})
        return image

    def _keep(self, staged: Staged, new: NewImage, thumbnail: bytes) -> Image:
        # Mark before blob: another database would take it for a leftover.
        self._marks.leave_once()
        # Blob before row: a crash here leaves a file nobody can reach, which the sweep
        # removes. The other order leaves a card with a broken picture.
        self._storage.publish(staged, new.key, new.facts.sha256)
        try:
            self._storage.put_thumbnail(new.key, GALLERY_WIDTH, thumbnail, unseen=True)
        except ShoeboxError:
            self._withdraw(new)
            raise
        try:
            return self._repository.add(new)
        except StorageFull:
            # The database has said no. After any other error the file stays: an insert whose
            # answer was lost may still commit, and a row must have its file. Without a row
            # the sweep removes it.
            self._withdraw(new)
            raise

    def _withdraw(self, new: NewImage) -> None:
        try:
            self._storage.delete(new.key, new.facts.sha256)
        except ShoeboxError as error:  # the first error is the answer; the sweep does the rest
            log.warning("file left to the sweep", extra={"key": new.key, "reason": str(error)})
