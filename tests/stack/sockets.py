"""Who listens where, as the kernel tells it (proc(5): /proc/net/tcp)."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

_LISTENING: Final = "0A"  # the state TCP_LISTEN


def holders(port: int, candidates: Iterable[int]) -> list[int]:
    """Those of the processes `candidates` that hold a socket listening on `port`."""
    sockets = {f"socket:[{inode}]" for inode in _listeners(port)}
    return [pid for pid in candidates if sockets & _open_files(pid)]


def _listeners(port: int) -> set[str]:
    found = set()
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        if fields[3] == _LISTENING and int(fields[1].rpartition(":")[2], 16) == port:
            found.add(fields[9])
    return found


def _open_files(pid: int) -> set[str]:
    try:
        return {str(entry.readlink()) for entry in Path(f"/proc/{pid}/fd").iterdir()}
    except OSError:  # it ended, or closed a file, while we were looking
        return set()
