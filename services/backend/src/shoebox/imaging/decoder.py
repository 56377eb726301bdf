"""The main loop of a decoder process: one job at a time, each with a deadline that the
kernel enforces, whatever C code is doing."""

from __future__ import annotations

import contextlib
import fcntl
import logging
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from shoebox.domain.errors import InvalidImage, ShoeboxError, Unavailable
from shoebox.imaging import memory, wire
from shoebox.imaging.codec import PillowCodec, PixelLimits
from shoebox.ports import Examined

log = logging.getLogger(__name__)

CPU_LIMIT: Final = 10.0  # seconds of processor time a job may take; a large honest one takes 4
WALL_LIMIT: Final = 30.0  # seconds on the clock: the processor limit on a host that is busy otherwise
ADDRESS_SPACE: Final = 1280 * 1024**2  # bytes a job may allocate: 50 megapixels four times, and the file
LOOK_INTERVAL: Final = 0.5  # seconds between looks at whether to drain
LOCK_INTERVAL: Final = 0.02  # seconds between tries to be the one with a large raster
LOCK_LIMIT: Final = 30.0  # seconds to wait for that
MAX_JOBS: Final = 20_000  # then a fresh process: what C libraries leak stays small


@dataclass(frozen=True, slots=True, kw_only=True)
class DecoderSettings:
    """What a decoder enforces. `large_lock` is a descriptor of a file opened for writing
    that all decoders of the host share: who holds its lock may decode a large raster."""

    limits: PixelLimits
    keep_metadata: bool = False
    large_lock: int | None = None
    cpu_limit: float = CPU_LIMIT
    wall_limit: float = WALL_LIMIT
    address_space: int = ADDRESS_SPACE
    max_jobs: int = MAX_JOBS


def serve(
    jobs: socket.socket,
    settings: DecoderSettings,
    *,
    beat: Callable[[], None],
    draining: Callable[[], bool],
) -> int:
    """Work on jobs until `draining()`, then return 0. To be called in its own process.

    Also returns 0 when the process has served long enough and a fresh one should follow.
    `beat` is called between jobs at least every second, but not during one: a watcher must
    allow `wall_limit` seconds. Takes over SIGALRM and SIGPROF and lowers RLIMIT_AS.
    """
    memory.tame_allocator()
    memory.bound(settings.address_space)
    clock = _Clock(settings)
    codec = PillowCodec(
        settings.limits,
        keep_metadata=settings.keep_metadata,
        alone=lambda: _alone(settings.large_lock, clock, beat),
    )
    jobs.settimeout(LOOK_INTERVAL)
    for _ in range(settings.max_jobs):
        delivery = _next(jobs, beat, draining)
        if delivery is None:
            return 0
        with delivery:
            if delivery.wanted:
                with clock.running():
                    answer = _work(codec, delivery)
                wire.send_answer(delivery.reply, answer)
    return 0


def _next(jobs: socket.socket, beat: Callable[[], None], draining: Callable[[], bool]) -> wire.Delivery | None:
    """The next job; None when it is time to go. Memory is given back as soon as there is a pause."""
    busy = True
    while not draining():
        beat()
        try:
            if delivery := wire.receive_job(jobs):
                return delivery
            log.error("unreadable job")
        except TimeoutError:
            if busy:
                memory.shed()
            busy = False
            if memory.resident() > memory.KEPT:
                return None
    return None


def _work(codec: PillowCodec, delivery: wire.Delivery) -> Examined | bytes | ShoeboxError:
    try:
        if delivery.job.width is None:
            return codec.examine_file(delivery.picture)
        return codec.thumbnail_file(delivery.picture, delivery.job.width)
    except ShoeboxError as error:
        return error
    except MemoryError:
        log.warning("decoder refused", extra={"error": "MemoryError"})
        return InvalidImage("The picture takes too much memory to decode.")
    except Exception:
        log.exception("decoder failed")
        return ShoeboxError("The picture could not be examined.")


class _Clock:
    """The deadline of the job at hand. At its end the kernel ends the process: a handler in
    Python would wait for the very C code that does not return."""

    def __init__(self, settings: DecoderSettings) -> None:
        self._settings = settings
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.signal(signal.SIGPROF, signal.SIG_DFL)

    def _set(self, wall: float, cpu: float) -> None:
        signal.setitimer(signal.ITIMER_REAL, wall)
        signal.setitimer(signal.ITIMER_PROF, cpu)

    @contextmanager
    def running(self) -> Iterator[None]:
        self._set(self._settings.wall_limit, self._settings.cpu_limit)
        try:
            yield
        finally:
            self._set(0, 0)

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """Time spent waiting for others does not count; afterwards the job has all of it again."""
        self._set(0, 0)
        try:
            yield
        finally:
            self._set(self._settings.wall_limit, self._settings.cpu_limit)


@contextmanager
def _alone(lock: int | None, clock: _Clock, beat: Callable[[], None]) -> Iterator[None]:
    """Hold the host's lock on large rasters.

    A POSIX record lock (fcntl(2)): it belongs to the process, so that a descriptor inherited
    over fork still excludes the siblings, and it ends with the process however that dies.
    """
    if lock is None:
        yield
        return
    with clock.stopped():
        _acquire(lock, beat)
    try:
        yield
    finally:
        fcntl.lockf(lock, fcntl.LOCK_UN)


def _acquire(lock: int, beat: Callable[[], None]) -> None:
    deadline = time.monotonic() + LOCK_LIMIT
    while time.monotonic() < deadline:
        with contextlib.suppress(BlockingIOError, PermissionError):  # POSIX allows either
            fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        beat()
        time.sleep(LOCK_INTERVAL)
    raise Unavailable("The decoders are busy with large pictures.")
