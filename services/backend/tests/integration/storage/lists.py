"""What tests of kept lists ask, and what they find in the folder."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from shoebox.storage.kept_lists import LATE, KeptLists

NAME: Final = "http@shoebox@per_page=20"
STAMP: Final = 2**33 - 1  # the largest time that is ever asked for


def ask(lists: KeptLists, name: str = NAME, body: bytes = b"{}", *, times: int = 2) -> None:
    """Only what is asked for again is kept."""
    for _ in range(times):
        with lists.reading(name) as keep:
            if keep:
                keep(body, STAMP)


def served(folder: Path) -> dict[str, bytes]:
    """What Nginx would give: the files in `current` that have a list's name."""
    try:
        return {file.name: file.read_bytes() for file in (folder / "current").iterdir() if file.name[0] != "."}
    except (FileNotFoundError, NotADirectoryError):
        return {}


def marks(folder: Path) -> list[Path]:
    """The changes under way."""
    return list((folder / "writing").iterdir())


def grow_old(folder: Path) -> None:
    """As if the changes under way had begun so long ago that they cannot come true any more."""
    for mark in marks(folder):
        begun, _, rest = mark.name.partition("-")
        mark.rename(mark.with_name(f"{int(begun) - int(LATE * 1e9)}-{rest}"))
