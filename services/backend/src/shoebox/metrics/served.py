"""How many lists Nginx gave by itself: it writes one byte for each, so that the size of a file tells."""

from __future__ import annotations

import ctypes
import os
from contextlib import suppress
from pathlib import Path
from typing import Final

MAX_ROOM: Final = 1024 * 1024  # bytes of the disk before they are given back; the size stays
_BLOCK: Final = 512  # bytes, the unit of st_blocks (stat(2))
_KEEP_SIZE, _PUNCH_HOLE = 0x01, 0x02  # linux/falloc.h


class ServedLists:
    """The file as the workers see it. Where Nginx is not told to write it there is none."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def __call__(self) -> int:
        """How many there were since the file was made."""
        try:
            return self._file.stat().st_size
        except OSError:
            return 0

    def trim(self) -> None:
        """Give back the room of what was counted. Harmless while Nginx writes."""
        with suppress(OSError):
            state = self._file.stat()
            if state.st_blocks * _BLOCK > MAX_ROOM:
                _make_hole(self._file, state.st_size)


def _make_hole(file: Path, size: int) -> None:
    with file.open("r+b") as opened:
        _libc.fallocate(opened.fileno(), _PUNCH_HOLE | _KEEP_SIZE, 0, size)
        os.fsync(opened.fileno())


_libc: Final = ctypes.CDLL(None, use_errno=True)
_libc.fallocate.argtypes = (ctypes.c_int, ctypes.c_int, ctypes.c_int64, ctypes.c_int64)
