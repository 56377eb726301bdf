"""Uploads that come in pieces, as two files each: the bytes, and what is known of them.

The size of the file of bytes is the offset: nothing else has to be written as they come, and
nothing can disagree after a crash.
"""

from __future__ import annotations

import io
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import BinaryIO, Final

from shoebox.domain.errors import Conflict, NotFound
from shoebox.domain.partial import Partial, PartialState, is_partial_id
from shoebox.storage import locks, scan
from shoebox.storage.faults import faults, reading
from shoebox.storage.folders import build, sync
from shoebox.storage.layout import Layout
from shoebox.storage.staged import create, write_all
from shoebox.storage.system import System

_APPENDING: Final = 0  # places in the file of bytes that are locked
_FINISHING: Final = 1
_NEW: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
_END: Final = os.O_RDWR | os.O_APPEND | os.O_CLOEXEC
_MODE: Final = 0o600  # of no interest to Nginx


class _End:
    """`ports.Appending`. The lock is held for one write only: a connection that died without
    a word keeps nobody waiting, and has lost its place when another went on."""

    __slots__ = ("_fd", "_offset", "_system")

    def __init__(self, system: System, fd: int, offset: int) -> None:
        self._system = system
        self._fd = fd
        self._offset = offset

    def write(self, chunk: bytes) -> None:
        """Append where the last write ended."""
        with locks.within(self._fd, _APPENDING), faults():
            status = self._system.fstat(self._fd)
            if not status.st_nlink:
                raise NotFound("There is no such upload.")
            if status.st_size != self._offset:
                raise Conflict(f"The upload is at byte {status.st_size}, not {self._offset}.")
            self._offset += write_all(self._system, self._fd, chunk)


class DiskPartials:
    """`ports.PartialStore` below the folder `root`, beside the pictures."""

    def __init__(self, root: Path, *, system: System = os) -> None:
        """Makes the folders that are missing. Raises `Unavailable` or `StorageFull`."""
        self._system = system
        self._layout = Layout(root=str(root.absolute()))
        with faults():
            build(system, self._layout)

    def create(self, upload: Partial) -> None:
        """A new one without bytes, durably."""
        with faults():
            self._system.close(self._system.open(self._bytes(upload.id), _NEW, _MODE))
        self._write(upload)

    def load(self, partial_id: str) -> PartialState:
        """What is known of it, and the bytes that are durable."""
        path = self._bytes(partial_id)
        with reading():
            with io.FileIO(f"{path}.json", opener=self._system.open) as file:
                told, touched = json.loads(file.read()), os.fstat(file.fileno()).st_mtime
            upload = Partial(**told)
            if upload.key is not None:
                return PartialState(upload=upload, offset=upload.length, touched=touched)
            with io.FileIO(path, opener=self._system.open) as file:
                self._system.fdatasync(file.fileno())
                status = os.fstat(file.fileno())
            return PartialState(upload=upload, offset=status.st_size, touched=max(touched, status.st_mtime))

    @contextmanager
    def appending(self, partial_id: str, offset: int) -> Iterator[_End]:
        """Its end, which must be at `offset`."""
        with reading():
            fd = self._system.open(self._bytes(partial_id), _END)
        try:
            end = _End(self._system, fd, offset)
            end.write(b"")
            try:
                yield end
            finally:
                with faults():
                    self._system.fdatasync(fd)
        finally:
            with suppress(OSError):
                self._system.close(fd)

    def open(self, partial_id: str) -> BinaryIO:
        """Its bytes so far."""
        with reading():
            return io.FileIO(self._bytes(partial_id), opener=self._system.open)

    @contextmanager
    def finishing(self, partial_id: str) -> Iterator[None]:
        """Held by one caller at a time, over all processes on this root."""
        try:
            with reading():
                fd = self._system.open(self._bytes(partial_id), _END)
        except NotFound:  # it is finished, or was never there
            yield
            return
        try:
            with locks.within(fd, _FINISHING):
                yield
        finally:
            with suppress(OSError):
                self._system.close(fd)

    def save(self, upload: Partial) -> None:
        """What became of it, durably and in one step."""
        self._write(upload)
        if upload.key is not None:
            self._unlink(self._bytes(upload.id))

    def remove(self, partial_id: str) -> None:
        """First what is known of it: without that nobody finds the bytes."""
        path = self._bytes(partial_id)
        self._unlink(f"{path}.json")
        self._unlink(path)

    def remove_untouched(self, since: float) -> int:
        """Remove those not heard of since then."""
        with faults():
            touched: dict[str, float] = {}
            for path, status in scan.files(self._layout.partials):
                name = path.rpartition("/")[2].removesuffix(".json")
                touched[name] = max(touched.get(name, 0.0), status.st_mtime)
        old = [name for name, time in touched.items() if time < since and is_partial_id(name)]
        for name in old:
            self.remove(name)
        return len(old)

    def _write(self, upload: Partial) -> None:
        path = f"{self._bytes(upload.id)}.json"
        with faults():
            staged = create(self._system, self._layout.staging)
            try:
                staged.write(json.dumps(asdict(upload)).encode())
                self._system.fsync(staged.fileno())
                self._system.rename(staged.path, path)
                staged.renamed()
            finally:
                staged.drop()
            sync(self._system, self._layout.partials)

    def _bytes(self, partial_id: str) -> str:
        if not is_partial_id(partial_id):
            raise NotFound("There is no such upload.")
        return f"{self._layout.partials}/{partial_id}"

    def _unlink(self, path: str) -> None:
        with faults(), suppress(FileNotFoundError):
            self._system.unlink(path)
