"""Room set aside for deletions: on a full disk they are what makes room, and need a little first."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Final

SIZE: Final = 256 * 1024  # bytes; a deletion writes about a dozen pages of 4 KiB to the log


class Reserve:
    """A file of zeros beside the database `path`. All processes share it; none of its methods raises."""

    def __init__(self, path: Path) -> None:
        self._database = path
        self._path = path.with_name(f"{path.name}-reserve")

    def keep(self) -> None:
        """Set the room aside, if there is any and it is not done yet."""
        with suppress(OSError):
            if self._database.exists() and not self._is_kept():
                self._path.write_bytes(bytes(SIZE))

    def _is_kept(self) -> bool:
        return self._path.exists() and self._path.stat().st_size == SIZE

    def give_up(self) -> None:
        """Let somebody use it."""
        with suppress(OSError):
            self._path.unlink()
