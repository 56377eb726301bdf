"""A file that is being received."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import Final, Self

from shoebox.storage.faults import faults
from shoebox.storage.system import System

# Nginx, which may run as another user, reads the very file that is written here.
PUBLIC_FILE: Final = 0o644
CLOSED: Final = -1
_FLAGS: Final = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC


class StagedFile:
    """`ports.Staged` on a disk: an open file with a name in the staging folder. As a context
    manager it is dropped at the end of the block."""

    __slots__ = ("_fd", "_named", "_path", "_size", "_system")

    def __init__(self, system: System, *, path: str, fd: int) -> None:
        self._system = system
        self._path = path
        self._fd = fd
        self._size = 0
        self._named = True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.drop()

    @property
    def path(self) -> str:
        """Its name in the staging folder."""
        return self._path

    @property
    def size(self) -> int:
        """Bytes written so far."""
        return self._size

    def fileno(self) -> int:
        """The open file, readable and writable."""
        return self._fd

    def write(self, chunk: bytes | bytearray | memoryview) -> None:
        """Append. Raises `StorageFull` when the disk is."""
        with faults():
            self._size += write_all(self._system, self._fd, chunk)

    def close(self) -> None:
        """Close the file, of which some file systems say only now that it did not fit."""
        fd, self._fd = self._fd, CLOSED
        self._system.close(fd)

    def unname(self) -> None:
        """Take its staging name away, now that it has another."""
        self._system.unlink(self._path)
        self._named = False

    def renamed(self) -> None:
        """Let go of its name: it was moved elsewhere, or it is the one to stay."""
        self._named = False

    def drop(self) -> None:
        """Close it and remove what is left of it. Never fails."""
        # Whatever goes wrong here, the upload's own outcome stands: a published file was
        # synced before, another is a leftover for the sweeper.
        if self._fd != CLOSED:
            with suppress(OSError):
                self.close()
        if self._named:
            with suppress(OSError):
                self._system.unlink(self._path)


def create(system: System, folder: str) -> StagedFile:
    """A new empty file in `folder`, under a name of its own. Raises `OSError`."""
    # Random, since a process id comes back after a restart and would meet its own leftovers.
    return create_at(system, f"{folder}/{os.urandom(12).hex()}")


def create_at(system: System, path: str) -> StagedFile:
    """A new empty file, readable by everybody whatever the umask. Raises `OSError`."""
    file = StagedFile(system, path=path, fd=system.open(path, _FLAGS, PUBLIC_FILE))
    try:
        system.fchmod(file.fileno(), PUBLIC_FILE)
    except OSError:
        file.drop()
        raise
    return file


def write_all(system: System, fd: int, data: bytes | bytearray | memoryview) -> int:
    """Write straight to the descriptor and return how many bytes. Raises `OSError`.

    A nearly full disk takes a part of the bytes and refuses only the next call.
    """
    rest = memoryview(data).cast("B")
    size = len(rest)
    written = system.write(fd, rest)
    while written < size:
        written += system.write(fd, rest[written:])
    return size
