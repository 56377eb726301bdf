"""Uploads in pieces: announced, continued after whatever broke them off, and then stored as
every other upload is."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from shoebox.app.upload import UploadLimits, Uploads, too_large
from shoebox.domain.errors import (
    BadRequest,
    ChecksumMismatch,
    NotFound,
    ShoeboxError,
    StorageFull,
    Unavailable,
)
from shoebox.domain.partial import Partial, PartialState, new_partial_id
from shoebox.ports import Clock, ImageRepository, PartialStore

log = logging.getLogger(__name__)

LIFETIME: Final = timedelta(hours=24)  # since it was last heard of: a laptop that was shut overnight goes on
DIGESTS: Final = {"sha1": 20, "sha256": 32, "md5": 16}  # bytes each; the first is the one tus asks for
BLOCK: Final = 256 * 1024  # bytes a copy

Chunks = Callable[[int], Iterator[bytes]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Checksum:
    """What a piece's bytes hash to; `algorithm` is one of `DIGESTS`."""

    algorithm: str
    digest: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far an upload is. It is finished when it has a key."""

    upload: Partial
    offset: int
    expires_at: datetime


class Resumable:
    """The use case behind the tus protocol. A picture that is refused takes its upload along."""

    def __init__(self, *, uploads: Uploads, partials: PartialStore, repository: ImageRepository, clock: Clock) -> None:
        self._uploads = uploads
        self._partials = partials
        self._repository = repository
        self._clock = clock

    @property
    def limits(self) -> UploadLimits:
        """What is accepted."""
        return self._uploads.limits

    def begin(self, *, length: int, original_name: str, collection: str | None, metadata: str) -> Progress:
        """Announce an upload of `length` bytes. Raises `FileTooLarge`, or `BadRequest` for an empty one."""
        if length > self.limits.max_file_size:
            raise too_large(self.limits.max_file_size)
        if length < 1:
            raise BadRequest("The file is empty.")
        upload = Partial(
            id=new_partial_id(), length=length, original_name=original_name, collection=collection, metadata=metadata
        )
        self._partials.create(upload)
        return Progress(upload=upload, offset=0, expires_at=self._clock.now() + LIFETIME)

    def look(self, partial_id: str) -> Progress:
        """How far it is. One whose last byte came and that was not stored then is stored now."""
        return self._settled(self._load(partial_id))

    def append(self, partial_id: str, offset: int, chunks: Chunks, checksum: Checksum | None = None) -> Progress:
        """Add what `chunks` gives (it is told the most bytes that are wanted) at `offset`, and
        store the picture after the last byte.

        Raises `Conflict` where the upload is not at `offset`, `ChecksumMismatch`, after which
        nothing of this piece counts, and all that `Uploads.store` raises. What came before
        `chunks` broke off counts.
        """
        upload = self._load(partial_id).upload
        if upload.key is None:
            with self._partials.appending(partial_id, offset) as end:
                wanted = chunks(upload.length - offset)
                for chunk in self._verified(wanted, checksum) if checksum else wanted:
                    end.write(chunk)
        return self.look(partial_id)

    def remove(self, partial_id: str) -> None:
        """Give an upload up. A picture that was made of it stays. Raises `NotFound`."""
        self._load(partial_id)
        self._partials.remove(partial_id)

    def _verified(self, chunks: Iterator[bytes], checksum: Checksum) -> Iterator[bytes]:
        """The same bytes, once all of them are known to be right."""
        digest = hashlib.new(checksum.algorithm, usedforsecurity=False)
        with self._uploads.receive() as incoming:
            for chunk in chunks:
                digest.update(chunk)
                incoming.write(chunk)
            if digest.digest() != checksum.digest:
                raise ChecksumMismatch("The bytes are not those of the checksum; send them again.")
            with open(incoming.staged.fileno(), "rb", closefd=False) as file:
                file.seek(0)
                while block := file.read(BLOCK):
                    yield block

    def _load(self, partial_id: str) -> PartialState:
        state = self._partials.load(partial_id)
        if _expiry(state) < self._clock.now():
            self._partials.remove(partial_id)
            raise NotFound("This upload has expired.")
        return state

    def _settled(self, state: PartialState) -> Progress:
        upload = state.upload
        if upload.key is None and state.offset >= upload.length:
            upload = self._finish(upload.id)
        return Progress(upload=upload, offset=state.offset, expires_at=_expiry(state))

    def _finish(self, partial_id: str) -> Partial:
        with self._partials.finishing(partial_id):
            upload = self._partials.load(partial_id).upload
            if upload.key is not None:  # by whom we have waited for
                return upload
            done = replace(upload, key=self._earlier(upload) or self._store(upload))
            self._partials.save(done)
            return done

    def _earlier(self, upload: Partial) -> str | None:
        """The key under which it was stored before a crash could be told of it."""
        return upload.tried if upload.tried and self._repository.known([upload.tried]) else None

    def _store(self, upload: Partial) -> str:
        try:
            # A copy, because the codec rewrites what it is given: after a crash the bytes are
            # still those that came.
            with self._uploads.receive() as incoming, self._partials.open(upload.id) as file:
                while block := file.read(BLOCK):
                    incoming.write(block)
                return self._uploads.store(
                    incoming,
                    original_name=upload.original_name,
                    collection=upload.collection,
                    before=lambda image: self._partials.save(replace(upload, tried=image.key)),
                ).key
        except (Unavailable, StorageFull):  # asking again may help
            raise
        except ShoeboxError:
            self._partials.remove(upload.id)
            raise


def sweep(partials: PartialStore, clock: Clock) -> int:
    """Remove the expired ones; how many."""
    removed = partials.remove_untouched((clock.now() - LIFETIME).timestamp())
    if removed:
        log.info("uploads expired", extra={"uploads": removed})
    return removed


def _expiry(state: PartialState) -> datetime:
    return datetime.fromtimestamp(state.touched, UTC) + LIFETIME
