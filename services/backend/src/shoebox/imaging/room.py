"""The host's one place for a large raster."""

from __future__ import annotations

import contextlib
import fcntl
from collections.abc import Iterator
from contextlib import contextmanager


class Occupied(Exception):
    """Another decoder has the room."""


class Room:
    """A lock that decoder processes share through a descriptor of a file opened for writing.

    A POSIX record lock (fcntl(2)): it belongs to the process, so that a descriptor inherited
    over fork still excludes the siblings, and it ends with the process however that dies.
    Without a descriptor there is always room.
    """

    def __init__(self, lock: int | None) -> None:
        self._lock = lock
        self._held = False

    def enter(self) -> bool:
        """Take the room unless somebody else has it; to have it already is fine."""
        if self._lock is None or self._held:
            return True
        with contextlib.suppress(BlockingIOError, PermissionError):  # POSIX allows either
            fcntl.lockf(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._held = True
        return self._held

    def leave(self) -> None:
        """Give the room back, if it is ours."""
        if self._lock is not None and self._held:
            fcntl.lockf(self._lock, fcntl.LOCK_UN)
            self._held = False

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Be in the room; stays taken after the block. Raises `Occupied`."""
        if not self.enter():
            raise Occupied
        yield
