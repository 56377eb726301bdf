"""Files that have lost their names, and whose room is freed a moment later.

A file system frees a file once nobody has it open, within the call that unlinks or closes it. Where the
disk is told at once (ext4 mounted with `discard`), that call takes milliseconds and everybody else's
writes wait behind it. So what was deleted is kept open until the burst of deletions is over, by a process
that nobody waits for: docs/decisions/0008 says what that costs, and why it is not the worker.
"""

from __future__ import annotations

import resource
import socket
import time
from array import array
from collections import deque
from collections.abc import Callable, Collection
from contextlib import suppress
from typing import Final, Protocol

from shoebox.storage.system import System

DELAY: Final = 2.0  # seconds: most bursts of deletions are over by then, and nobody has missed the room
MOST: Final = 4096  # descriptors the freer keeps; what comes on top is freed by who deletes it
SHARE: Final = 4  # at most this part of all the descriptors it may have
# Free bytes and files below which a disk is nearly full: who deletes then wants the room now.
SCARCE_BYTES: Final = 1024 * 1024 * 1024
SCARCE_FILES: Final = 10_000
# Seconds between two looks while files wait: to be woken by each deletion would cost more than the rest of
# it, and in this time the line takes hundreds of them.
PAUSE: Final = 0.02
IDLE: Final = 60.0  # seconds between two looks at nothing: a deletion ends them
ROOM: Final = 16  # descriptors a message may bring; a picture and its thumbnails are five
LINE: Final = 256 * 1024  # bytes; a message counts for some 400
# Bytes for each descriptor a process may have: with five in every message, not half as many are on their way. The
# kernel lets a user have no more than that on the way, and what decoders are sent is among them.
LINE_SHARE: Final = 32


class Wait(Protocol):
    """How the freer sleeps: until a descriptor is readable or `timeout` seconds are over."""

    def __call__(self, timeout: float, *readers: int) -> object: ...


class Freeing:
    """The end of those who delete. `freer` is a socket whose other end a `Freer` has; without one,
    files are freed at once."""

    def __init__(self, system: System, root: str, freer: socket.socket | None = None) -> None:
        """`root` is a folder on the disk whose room is looked at."""
        self._system = system
        self._root = root
        self._freer = freer

    def later(self, fds: Collection[int]) -> None:
        """Take over open files. Never fails."""
        if self._freer and fds and not self._is_scarce():
            told = ((socket.SOL_SOCKET, socket.SCM_RIGHTS, array("i", fds)),)
            # If it has no room for more, this was their last owner.
            with suppress(OSError):
                self._freer.sendmsg((b"f",), told, socket.MSG_DONTWAIT)
        for fd in fds:
            _close(self._system, fd)

    def _is_scarce(self) -> bool:
        try:
            room = self._system.statvfs(self._root)
        except OSError:
            return True
        # Some file systems (Btrfs) do not count files: they say that there are none at all.
        few = bool(room.f_files) and room.f_favail < SCARCE_FILES
        return few or room.f_bavail * room.f_frsize < SCARCE_BYTES


class Freer:
    """A process's work: closes descriptors, one at a time, some time after they were handed over.
    When it ends it does not wait for that: the kernel closes what is left."""

    def __init__(
        self,
        system: System,
        line: socket.socket,
        *,
        wait: Wait,
        draining: Callable[[], bool],
        delay: float = DELAY,
    ) -> None:
        """`line` is the other end of what `Freeing` was given."""
        line.setblocking(False)
        self._system = system
        self._line = line
        self._wait = wait
        self._draining = draining
        self._delay = delay
        self._waiting: deque[tuple[float, int]] = deque()
        soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        self._places = min(MOST, soft // SHARE)

    def serve(self) -> int:
        """Work until `draining()`, then return 0."""
        while not self._draining():
            self._take()
            if self._waiting and self._waiting[0][0] <= time.monotonic():
                _close(self._system, self._waiting.popleft()[1])
            elif self._waiting:
                self._wait(PAUSE)
            else:
                self._wait(IDLE, self._line.fileno())
        return 0

    def _take(self) -> None:
        """All that is in the line, as long as there is a place for it."""
        due = time.monotonic() + self._delay
        with suppress(BlockingIOError):
            while len(self._waiting) < self._places:
                _, fds, _, _ = socket.recv_fds(self._line, 1, ROOM)
                self._waiting.extend((due, fd) for fd in fds)


def make_line() -> tuple[socket.socket, socket.socket]:
    """Two ends: one for each `Freeing` of a host, one for its `Freer`. To be made before the processes."""
    # Of a datagram socket, ten messages would fill the line.
    give, take = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)  # which the master makes its own
    size = LINE if hard == resource.RLIM_INFINITY else min(LINE, hard * LINE_SHARE)
    give.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, size)
    return give, take


def _close(system: System, fd: int) -> None:
    with suppress(OSError):
        system.close(fd)
