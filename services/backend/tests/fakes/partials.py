"""`PartialStore` in memory."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from threading import RLock
from typing import BinaryIO, Final

from shoebox.domain.errors import Conflict, NotFound
from shoebox.domain.partial import Partial, PartialState

# When the clock of the tests began.
TOUCHED: Final = datetime(2026, 11, 20, 10, 30, tzinfo=UTC).timestamp()


class MemoryPartials:
    """Uploads in dictionaries."""

    def __init__(self) -> None:
        self._lock = RLock()
        self._uploads: dict[str, Partial] = {}
        self._bytes: dict[str, bytes] = {}
        self._touched: dict[str, float] = {}

    def create(self, upload: Partial) -> None:
        self._uploads[upload.id], self._bytes[upload.id], self._touched[upload.id] = upload, b"", TOUCHED

    def load(self, partial_id: str) -> PartialState:
        upload = self._known(partial_id)
        offset = upload.length if upload.key else len(self._bytes[partial_id])
        return PartialState(upload=upload, offset=offset, touched=self._touched[partial_id])

    @contextmanager
    def appending(self, partial_id: str, offset: int) -> Iterator[MemoryEnd]:
        self._known(partial_id)
        end = MemoryEnd(self, partial_id, offset)
        end.write(b"")
        yield end

    def open(self, partial_id: str) -> BinaryIO:
        self._known(partial_id)
        return io.BytesIO(self._bytes[partial_id])

    @contextmanager
    def finishing(self, _partial_id: str) -> Iterator[None]:
        with self._lock:
            yield

    def save(self, upload: Partial) -> None:
        self._uploads[upload.id] = upload
        if upload.key is not None:
            self._bytes[upload.id] = b""

    def remove(self, partial_id: str) -> None:
        self._uploads.pop(partial_id, None)
        self._bytes.pop(partial_id, None)

    def remove_untouched(self, since: float) -> int:
        old = [name for name in list(self._uploads) if self._touched[name] < since]
        for name in old:
            self.remove(name)
        return len(old)

    def add(self, partial_id: str, offset: int, chunk: bytes) -> None:
        with self._lock:
            self._known(partial_id)
            if len(self._bytes[partial_id]) != offset:
                raise Conflict("The upload is elsewhere.")
            self._bytes[partial_id] += chunk
            self._touched[partial_id] = TOUCHED

    def _known(self, partial_id: str) -> Partial:
        try:
            return self._uploads[partial_id]
        except KeyError:
            raise NotFound("There is no such upload.") from None


class MemoryEnd:
    """The open end of one."""

    def __init__(self, partials: MemoryPartials, partial_id: str, offset: int) -> None:
        self._partials = partials
        self._id = partial_id
        self._offset = offset

    def write(self, chunk: bytes) -> None:
        self._partials.add(self._id, self._offset, chunk)
        self._offset += len(chunk)
