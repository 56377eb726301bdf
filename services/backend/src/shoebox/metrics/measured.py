"""What is counted where: between the rooms, so that none of them knows that it is watched."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import BinaryIO, Final, Protocol, TypeVar, TypeVarTuple

from shoebox.app.sweep import SweepReport
from shoebox.metrics import families
from shoebox.metrics.tally import Tally
from shoebox.ports import Examined, ImageCodec, Staged

METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
T = TypeVar("T")
Ts = TypeVarTuple("Ts")

_UPLOAD: Final = ("upload",)
_THUMBNAIL: Final = ("thumbnail",)


class MeasuredCodec:
    """`ports.ImageCodec` that tells how long answers take and how many are waited for."""

    def __init__(self, codec: ImageCodec, tally: Tally) -> None:
        self._codec = codec
        self._tally = tally

    def examine(self, staged: Staged) -> Examined:
        """As `ports.ImageCodec.examine`."""
        size = staged.size
        examined = self._timed(_UPLOAD, self._codec.examine, staged)
        self._tally.observe(families.UPLOADS, size)
        return examined

    def thumbnail(self, picture: BinaryIO, width: int) -> bytes:
        """As `ports.ImageCodec.thumbnail`."""
        return self._timed(_THUMBNAIL, self._codec.thumbnail, picture, width)

    def _timed(self, kind: tuple[str], ask: Callable[[*Ts], T], *what: *Ts) -> T:
        self._tally.add(families.JOBS)
        started = time.perf_counter()
        try:
            return ask(*what)
        finally:
            self._tally.observe(families.EXAMINATIONS, time.perf_counter() - started, kind)
            self._tally.add(families.JOBS, amount=-1.0)


@contextmanager
def decoding(tally: Tally) -> Iterator[None]:
    """For the length of one decode."""
    started = time.perf_counter()
    with tally.during(families.DECODERS_BUSY):
        try:
            yield
        finally:
            tally.observe(families.DECODES, time.perf_counter() - started)


def count_request(tally: Tally, method: str, route: str, status: int, seconds: float) -> None:
    """One answer. What clients can make up is told as `other`, so that there are few combinations."""
    labels = (method if method in METHODS else "other", route or "other", str(status))
    tally.observe(families.REQUESTS, seconds, labels)


class Load(Protocol):
    """How busy a worker is."""

    @property
    def threads(self) -> int: ...
    @property
    def busy(self) -> int: ...
    @property
    def connections(self) -> int: ...
    @property
    def waiting(self) -> int: ...


def note_load(tally: Tally, load: Load, pool: int, lent: int) -> None:
    """What a worker is doing just now; `pool` and `lent` are database connections."""
    tally.set(families.WORKERS, 1)
    tally.set(families.THREADS, load.threads)
    tally.set(families.THREADS_BUSY, load.busy)
    tally.set(families.CONNECTIONS, load.connections)
    tally.set(families.WAITING, load.waiting)
    tally.set(families.POOL, pool)
    tally.set(families.POOL_BUSY, lent)


def note_sweep(tally: Tally, report: SweepReport) -> None:
    """What a sweep came to."""
    tally.add(families.SWEEPS, ("refused" if report.strays or report.others else "done",))
    tally.add(families.SWEPT, amount=report.removed + report.leftovers)
    tally.set(families.LAST_SWEEP, time.time())
    tally.set(families.MISSING, report.missing)
