"""`BlobStorage` in memory, for tests that are not about disks."""

from __future__ import annotations

import io
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from shoebox.domain.errors import NotFound, StorageFull, Unavailable
from shoebox.ports import StoredFile


class MemoryStaged:
    """A staged file without a disk, yet with a descriptor, as codecs need one."""

    def __init__(self, storage: MemoryStorage) -> None:
        self._storage = storage
        self._fd = os.memfd_create("staged")

    @property
    def size(self) -> int:
        return os.fstat(self._fd).st_size

    def write(self, chunk: bytes | bytearray | memoryview) -> None:
        self._storage.check_room(len(chunk))
        if self._storage.write_fails:
            raise StorageFull("The storage is full.")
        os.pwrite(self._fd, chunk, self.size)

    def fileno(self) -> int:
        return self._fd

    def content(self) -> bytes:
        return os.pread(self._fd, self.size, 0)

    def close(self) -> None:
        os.close(self._fd)


class MemoryStorage:
    """Keeps everything in dictionaries. `full`, `away` and `write_fails` (full in the middle of
    a file) make it fail like the real ones."""

    def __init__(self) -> None:
        self.full = False
        self.away = False
        self.write_fails = False
        self.open_stages = 0
        self._lock = threading.RLock()
        self._pictures: dict[str, tuple[bytes, float]] = {}
        self._thumbnails: dict[tuple[str, int], bytes] = {}
        self._making: dict[tuple[str, int], threading.Lock] = {}
        self._marks: set[str] = set()

    def check_room(self, _size: int) -> None:
        if self.full:
            raise StorageFull("The storage is full.")

    def _check_there(self) -> None:
        if self.away:
            raise Unavailable("The storage is away.")

    @contextmanager
    def stage(self) -> Iterator[MemoryStaged]:
        self._check_there()
        self.check_room(0)
        staged = MemoryStaged(self)
        with self._lock:
            self.open_stages += 1
        try:
            yield staged
        finally:
            with self._lock:
                self.open_stages -= 1
            staged.close()

    def publish(self, staged: MemoryStaged, key: str, sha256: str) -> None:
        self._check_there()
        self.check_room(staged.size)
        with self._lock:
            if key in self._pictures:
                raise Unavailable("The key is taken.")
            self._pictures[key] = (staged.content(), time.time())

    def open(self, key: str) -> BinaryIO:
        self._check_there()
        try:
            return io.BytesIO(self._pictures[key][0])
        except KeyError:
            raise NotFound("There is no such picture.") from None

    def put_thumbnail(self, key: str, width: int, data: bytes, *, unseen: bool = False) -> None:
        self._check_there()
        self.check_room(len(data))
        with self._lock:
            if unseen or key in self._pictures:
                self._thumbnails[key, width] = data

    def open_thumbnail(self, key: str, width: int) -> BinaryIO:
        self._check_there()
        try:
            return io.BytesIO(self._thumbnails[key, width])
        except KeyError:
            raise NotFound("There is no such thumbnail.") from None

    @contextmanager
    def making(self, key: str, width: int) -> Iterator[None]:
        with self._lock:
            lock = self._making.setdefault((key, width), threading.Lock())
        with lock:
            yield

    def delete(self, key: str, sha256: str | None = None) -> None:
        self._check_there()
        with self._lock:
            self._pictures.pop(key, None)
            for place in [place for place in self._thumbnails if place[0] == key]:
                del self._thumbnails[place]

    def files(self) -> Iterator[StoredFile]:
        with self._lock:
            pictures = list(self._pictures.items())
        for key, (content, modified) in pictures:
            yield StoredFile(key=key, size=len(content), modified=modified)

    def remove_leftovers(self, older_than: float) -> int:
        return 0

    def marks(self) -> frozenset[str]:
        self._check_there()
        with self._lock:
            return frozenset(self._marks)

    def mark(self, identity: str) -> None:
        self._check_there()
        self.check_room(0)
        with self._lock:
            self._marks.add(identity)

    def unmark(self, identity: str) -> None:
        self._check_there()
        with self._lock:
            self._marks.discard(identity)

    def probe(self) -> None:
        self._check_there()
        self.check_room(0)
