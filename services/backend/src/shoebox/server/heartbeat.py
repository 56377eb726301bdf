"""Beats in shared memory: how the master sees that a process is alive, not merely there."""

from __future__ import annotations

import mmap
import time
from typing import Final

_CELL: Final = 8  # bytes of a double; aligned, so that a reader never sees half of one


class Cell:
    """One process's place on the board."""

    __slots__ = ("_beats", "_index")

    def __init__(self, beats: memoryview[float], index: int) -> None:
        self._beats = beats
        self._index = index

    def beat(self) -> None:
        """Note that the owner is alive now."""
        self._beats[self._index] = time.monotonic()

    def last(self) -> float:
        """When the owner last beat, on the monotonic clock all processes share."""
        return self._beats[self._index]


class Board:
    """Cells in anonymous shared memory. Make it before the fork; it dies with the processes."""

    def __init__(self, cells: int) -> None:
        shared = mmap.mmap(-1, max(1, cells) * _CELL)
        self._beats: memoryview[float] = memoryview(shared).cast("d")

    def cell(self, index: int) -> Cell:
        """The cell `index`, counted from 0."""
        return Cell(self._beats, index)
