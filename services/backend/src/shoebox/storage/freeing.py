"""Files that have lost their names, and whose room is freed a moment later.

A file system frees a file once nobody has it open, within the call that unlinks or closes it. Where the
disk is told at once (ext4 mounted with `discard`), that call takes milliseconds and everybody else's
writes wait behind it. So what was deleted is kept open until the burst of deletions is over:
docs/decisions/0008 says what that costs.
"""

from __future__ import annotations

import os
import resource
import threading
import time
from collections import deque
from collections.abc import Collection
from contextlib import suppress
from typing import Final

from shoebox.storage.system import System

DELAY: Final = 2.0  # seconds: most bursts of deletions are over by then, and nobody has missed the room
MOST: Final = 1024  # descriptors a process keeps for it; what comes on top is freed at once
SHARE: Final = 16  # at most this part of all the descriptors it may have
# Free bytes and files below which a disk is nearly full: who deletes then wants the room now.
SCARCE_BYTES: Final = 1024 * 1024 * 1024
SCARCE_FILES: Final = 10_000


class Freeing:
    """Closes descriptors, one at a time, some time after they were handed over. A process that ends
    does not wait for it: the kernel closes what is left."""

    def __init__(self, system: System, root: str, *, delay: float = DELAY) -> None:
        """`root` is a folder on the disk whose room is looked at."""
        self._system = system
        self._root = root
        self._delay = delay
        self._line = _Line(system)

    def later(self, fds: Collection[int]) -> None:
        """Take over open files. Never fails."""
        line = self._line
        if not line.is_ours():
            # Two threads may come here at once: then there are two lines for a moment, and both are served.
            line = self._line = _Line(self._system)
        if self._is_scarce() or not line.join(fds, time.monotonic() + self._delay):
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


class _Line:
    """What waits in one process: a forked child has its parent's memory, but not its threads."""

    def __init__(self, system: System) -> None:
        self._system = system
        self._process = os.getpid()
        self._lock = threading.Lock()
        self._waiting: deque[tuple[float, int]] = deque()
        self._served = False
        soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        self._places = min(MOST, soft // SHARE)

    def is_ours(self) -> bool:
        """Whether it belongs to this process."""
        return self._process == os.getpid()

    def join(self, fds: Collection[int], due: float) -> bool:
        """Let them wait until `due`, all of them or, where there is no place, none."""
        with self._lock:
            if len(self._waiting) + len(fds) > self._places:
                return False
            if fds and not self._served:
                try:
                    threading.Thread(target=self._serve, name="freeing", daemon=True).start()
                except RuntimeError:  # no more threads, or the interpreter is ending
                    return False
                self._served = True
            self._waiting.extend((due, fd) for fd in fds)
            return True

    def _serve(self) -> None:
        while (first := self._first()) is not None:
            due, fd = first
            time.sleep(max(0.0, due - time.monotonic()))
            _close(self._system, fd)
            self._waiting.popleft()

    def _first(self) -> tuple[float, int] | None:
        with self._lock:
            self._served = bool(self._waiting)
            return self._waiting[0] if self._served else None


def _close(system: System, fd: int) -> None:
    with suppress(OSError):
        system.close(fd)
