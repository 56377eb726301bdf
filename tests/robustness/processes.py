"""The processes of a running system and the memory they take."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.stack.embedded import Embedded
from tests.stack.stack import Stack

MIB: Final = 1024 * 1024
_INTERVAL: Final = 0.05  # seconds between two looks at the memory


def workers(topology: Embedded | Stack) -> list[int]:
    """The workers that listen; one for every place."""
    return [topology.worker_pid(index) for index in range(topology.worker_count)]


def decoders(topology: Embedded | Stack) -> list[int]:
    """The processes below the master that serve nobody; once an hour a sweeper is among them."""
    serving = set(workers(topology))
    return [pid for pid in topology.workers.pids if pid not in serving]


def memory(pids: list[int]) -> int:
    """Bytes that the processes hold together, what they share counted once (proc(5): Pss)."""
    return sum(_pss(pid) for pid in pids)


def forget_peaks(pids: list[int]) -> None:
    """Let `peak` count from now on (proc(5), clear_refs)."""
    for pid in pids:
        with contextlib.suppress(OSError):  # it ended
            Path(f"/proc/{pid}/clear_refs").write_text("5")


def peak(pid: int) -> int:
    """The most bytes of memory the process had in use at once, measured by the kernel; 0 when it has ended."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:")), 0)


def _pss(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:  # it ended
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:")), 0)


@dataclass(kw_only=True)
class Memory:
    """Bytes: master and workers together, decoders together."""

    workers: int = 0
    decoders: int = 0


class Watch:
    """The most that was seen, and by how much that is more than at the beginning."""

    def __init__(self, topology: Embedded | Stack) -> None:
        self._serving = [topology.master_pid, *workers(topology)]
        self._decoding = decoders(topology)
        self._before = self._now()
        self.peak = self._before

    @property
    def growth(self) -> Memory:
        return Memory(
            workers=self.peak.workers - self._before.workers, decoders=self.peak.decoders - self._before.decoders
        )

    def look(self) -> None:
        now = self._now()
        self.peak = Memory(workers=max(self.peak.workers, now.workers), decoders=max(self.peak.decoders, now.decoders))

    def _now(self) -> Memory:
        return Memory(workers=memory(self._serving), decoders=memory(self._decoding))


@contextmanager
def watched_memory(topology: Embedded | Stack) -> Iterator[Watch]:
    """Look again and again until the block ends."""
    watch = Watch(topology)
    stop = threading.Event()
    thread = threading.Thread(target=_repeat, args=(watch.look, stop))
    thread.start()
    try:
        yield watch
    finally:
        stop.set()
        thread.join()


def _repeat(look: Callable[[], None], stop: threading.Event) -> None:
    while not stop.wait(_INTERVAL):
        look()
