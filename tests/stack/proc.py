"""Processes as the kernel tells of them (proc(5))."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

# Fields of /proc/PID/stat, counted from the one after the name.
STATE: Final = 0
PARENT: Final = 1
SESSION: Final = 3
START: Final = 19  # clock ticks after boot

_PROC: Final = Path("/proc")


def status(pid: int) -> list[str]:
    """The fields of /proc/PID/stat after the name; none when there is no such process."""
    try:
        return (_PROC / str(pid) / "stat").read_text(errors="replace").rpartition(")")[2].split()
    except OSError:  # it ended while we were looking
        return []


def everybody() -> dict[int, list[str]]:
    """Every process and its `status`. Those that are started meanwhile may be missing."""
    return {pid: fields for pid in _pids() if (fields := status(pid))}


def below(leader: int, table: Mapping[int, Sequence[str]]) -> list[int]:
    """The children of `leader` and theirs in a table as `everybody` makes it."""
    children: dict[int, list[int]] = {}
    for child, fields in table.items():
        children.setdefault(int(fields[PARENT]), []).append(child)
    found: list[int] = []
    waiting = [leader]
    while waiting:
        for child in children.get(waiting.pop(), []):
            found.append(child)
            waiting.append(child)
    return found


def working_in(folder: Path) -> list[int]:
    """The processes whose working folder this is."""
    found = []
    for pid in _pids():
        with suppress(OSError):  # it ended, or is not ours to look at
            if (_PROC / str(pid) / "cwd").readlink() == folder.resolve():
                found.append(pid)
    return found


def _pids() -> list[int]:
    return [int(entry.name) for entry in _PROC.iterdir() if entry.name.isdigit()]
