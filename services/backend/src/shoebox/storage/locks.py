"""Locks that hold over all threads and processes on one storage, in a bounded set of files."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final
from zlib import crc32

from shoebox.storage.faults import fault
from shoebox.storage.system import System

# Names that share a bucket only wait for each other: of the 64 requests that a host takes at
# once, one in five would. More files would make that rarer and the folder larger.
BUCKETS: Final = 256


@contextmanager
def locked(system: System, folder: str, purpose: str, name: str) -> Iterator[None]:
    """Hold the lock of `name` for `purpose`; the kernel lets go of a dead process's.

    The same thread must not take a second lock of the same purpose: it may be the same file.
    """
    bucket = crc32(name.encode()) % BUCKETS
    try:
        # Opened anew each time: flock belongs to the open file, so that two threads of one
        # process keep each other out only if each has its own.
        fd = system.open(f"{folder}/{purpose}-{bucket:02x}", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise fault(error) from error
    try:
        _wait(fd)
        yield
    finally:
        with suppress(OSError):
            system.close(fd)


def _wait(fd: int) -> None:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
    except OSError as error:
        raise fault(error) from error
