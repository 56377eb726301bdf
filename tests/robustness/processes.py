"""The processes of a running system and the memory they take."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.stack.embedded import Embedded
from tests.stack.process import StackError
from tests.stack.stack import Stack

MIB: Final = 1024 * 1024
_INTERVAL: Final = 0.05  # seconds between two looks at the memory


def workers(topology: Embedded | Stack) -> list[int]:
    """The workers that listen now."""
    found = []
    for index in range(topology.worker_count):
        with contextlib.suppress(StackError):  # its place is empty just now
            found.append(topology.worker_pid(index))
    return found


def decoders(topology: Embedded | Stack) -> list[int]:
    """The processes below the master that serve nobody; once an hour a sweeper is among them."""
    serving = set(workers(topology))
    return [pid for pid in topology.workers.pids if pid not in serving]


def memory(pids: list[int]) -> int:
    """Bytes that the processes hold together, what they share counted once (proc(5): Pss)."""
    return sum(_pss(pid) for pid in pids)


def _pss(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:  # it ended
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:")), 0)


class Peak:
    """The most that was seen."""

    def __init__(self) -> None:
        self.workers = 0
        self.decoders = 0


@contextmanager
def watched_memory(topology: Embedded | Stack) -> Iterator[Peak]:
    """Look again and again until the block ends: master and workers together, decoders together."""
    peak = Peak()
    stop = threading.Event()
    serving, decoding = [topology.master_pid, *workers(topology)], decoders(topology)

    def look() -> None:
        peak.workers = max(peak.workers, memory(serving))
        peak.decoders = max(peak.decoders, memory(decoding))

    thread = threading.Thread(target=_repeat, args=(look, stop))
    thread.start()
    try:
        yield peak
    finally:
        stop.set()
        thread.join()


def _repeat(look: Callable[[], None], stop: threading.Event) -> None:
    while not stop.wait(_INTERVAL):
        look()
