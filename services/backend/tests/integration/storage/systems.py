"""Kernels that a test can watch and make fail."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path


class Watched:
    """`os`, remembering every call as `(name, arguments)` and failing where `refuses` says so.

    `refuses` gets the number of the call, its name and its arguments, and returns an errno
    or 0. A failing `close` closes all the same, as Linux does.
    """

    def __init__(self, refuses: Callable[[int, str, tuple[object, ...]], int] = lambda *_: 0) -> None:
        self.calls: list[tuple[str, tuple[object, ...]]] = []
        self.refuses = refuses

    def _call(self, name: str, *arguments: object) -> object:
        code = self.refuses(len(self.calls), name, arguments)
        self.calls.append((name, arguments))
        if code:
            if name == "close":
                os.close(*arguments)
            raise OSError(code, os.strerror(code), "/a/secret/path")
        return getattr(os, name)(*arguments)

    def __getattr__(self, name: str) -> Callable[..., object]:
        return lambda *arguments: self._call(name, *arguments)

    def names(self) -> list[str]:
        """What was called, in order."""
        return [name for name, _ in self.calls]


class SmallDisk(Watched):
    """A disk with room for so many bytes: the last write that fits a part of is a short one."""

    def __init__(self, room: int) -> None:
        super().__init__()
        self.room = room
        self._sizes: dict[tuple[int, int], int] = {}

    def write(self, fd: int, data: memoryview) -> int:
        if data and not self.room:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        written = os.write(fd, data[: self.room])
        self.room -= written
        return written

    def unlink(self, path: str) -> None:
        status = Path(path).stat()
        Path(path).unlink()
        if status.st_nlink == 1:
            self.room += status.st_size
