"""What processes use, as the kernel counts it (proc(5))."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.stack.process import descendants

_TICK: Final = os.sysconf("SC_CLK_TCK")  # a second
_LOOK: Final = 0.1  # seconds between two looks at the memory
MIB: Final = 1024 * 1024


def family(pid: int) -> tuple[int, ...]:
    """A process and all below it."""
    return (pid, *descendants(pid))


def cpu_seconds(pids: Iterable[int]) -> float:
    """Processor time of these processes and of their children that have ended.

    A child that ends between two calls is counted by its parent from then on, so that the
    difference of two calls is right if the parents are among `pids`.
    """
    return sum(_ticks(pid) for pid in pids) / _TICK


def _ticks(pid: int) -> int:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
    except OSError:  # it has ended
        return 0
    return sum(int(field) for field in fields[11:15])  # utime, stime, cutime, cstime


def pss(pids: Iterable[int]) -> float:
    """Memory of these processes in MiB; what several share is counted once."""
    return sum(map(_pss, pids)) / MIB


def _pss(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:  # it has ended
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))


def has_unnamed(pid: int) -> bool:
    """Whether the process has a file open that was deleted, and will be freed when it is closed."""
    try:
        return any(str(fd.readlink()).endswith(" (deleted)") for fd in Path(f"/proc/{pid}/fd").iterdir())
    except FileNotFoundError:  # closed, or ended, just now: ask again
        return True


class Peak:
    """The most memory seen so far, in MiB."""

    def __init__(self) -> None:
        self.mib = 0.0


@contextmanager
def peak_pss(process_ids: Callable[[], Iterable[int]]) -> Iterator[Peak]:
    """Look at the memory many times a second until the block ends."""
    seen, ended = Peak(), threading.Event()

    def look() -> None:
        while not ended.wait(_LOOK):
            seen.mib = max(seen.mib, pss(process_ids()))

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        yield seen
    finally:
        ended.set()
        watcher.join()
