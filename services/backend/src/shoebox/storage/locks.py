"""Locks that hold over all threads and processes on one storage.

A lock is one byte of a file that has no bytes: fcntl(2), "Open file description locks".
"""

from __future__ import annotations

import fcntl
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final
from zlib import crc32

from shoebox.storage.faults import fault
from shoebox.storage.system import System

# Two purposes, since who makes a thumbnail holds one lock while keeping it takes another.
MAKING: Final = "making"
KEEPING: Final = "keeping"
# Held by who takes a backup, for as long as deleted pictures are to be kept for it.
HOLDING: Final = "holding"

_FLAGS: Final = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
_RANGE: Final = struct.Struct("hhqqi")  # struct flock: type, whence, start, length, and a process id that must be 0


def create(system: System, folder: str) -> None:
    """Make the lock files while there is room: on a full disk, deleting has to work.

    Raises `OSError`.
    """
    for purpose in (MAKING, KEEPING, HOLDING):
        system.close(_open(system, folder, purpose))


@contextmanager
def locked(system: System, folder: str, purpose: str, name: str) -> Iterator[None]:
    """Hold the lock of `name` for `purpose`; the kernel lets go of a dead process's.

    Two names share a lock once in four thousand million times, and then only wait. The same
    thread must not take a second lock of the same purpose: it may be that once.
    """
    try:
        # Opened anew each time: such a lock belongs to the open file, so that two threads of
        # one process keep each other out only if each has its own.
        fd = _open(system, folder, purpose)
    except OSError as error:
        raise fault(error) from error
    try:
        _wait(fd, crc32(name.encode()))
        yield
    finally:
        with suppress(OSError):
            system.close(fd)


@contextmanager
def alone(system: System, folder: str, purpose: str) -> Iterator[bool]:
    """Hold the lock of a whole purpose until the end of the block, or yield False at once
    where another process or thread holds it."""
    try:
        fd = _open(system, folder, purpose)
    except OSError as error:
        raise fault(error) from error
    try:
        yield _try(fd)
    finally:
        with suppress(OSError):
            system.close(fd)


@contextmanager
def within(fd: int, place: int) -> Iterator[None]:
    """Hold one byte's lock of an open file for the block. For one thread at a time: the lock
    belongs to the descriptor."""
    _wait(fd, place)
    try:
        yield
    finally:
        with suppress(OSError):
            fcntl.fcntl(fd, fcntl.F_OFD_SETLK, _RANGE.pack(fcntl.F_UNLCK, os.SEEK_SET, place, 1, 0))


def is_held(system: System, folder: str, purpose: str) -> bool:
    """Whether somebody holds the lock of a whole purpose. Raises `OSError`."""
    fd = _open(system, folder, purpose)
    try:
        asked = fcntl.fcntl(fd, fcntl.F_OFD_GETLK, _RANGE.pack(fcntl.F_WRLCK, os.SEEK_SET, 0, 1, 0))
        return bool(_RANGE.unpack(asked)[0] != fcntl.F_UNLCK)
    finally:
        system.close(fd)


def _try(fd: int) -> bool:
    try:
        fcntl.fcntl(fd, fcntl.F_OFD_SETLK, _RANGE.pack(fcntl.F_WRLCK, os.SEEK_SET, 0, 1, 0))
    except BlockingIOError:
        return False
    except OSError as error:
        raise fault(error) from error
    return True


def _open(system: System, folder: str, purpose: str) -> int:
    return system.open(f"{folder}/{purpose}", _FLAGS, 0o644)


def _wait(fd: int, place: int) -> None:
    try:
        fcntl.fcntl(fd, fcntl.F_OFD_SETLKW, _RANGE.pack(fcntl.F_WRLCK, os.SEEK_SET, place, 1, 0))
    except OSError as error:
        raise fault(error) from error
