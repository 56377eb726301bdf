"""The main loop of a decoder process: one job at a time, each with a deadline that the
kernel enforces, whatever C code is doing."""

from __future__ import annotations

import contextlib
import logging
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Final

from shoebox.domain.errors import InvalidImage, ShoeboxError, Unavailable
from shoebox.imaging import memory, wire
from shoebox.imaging.codec import PillowCodec, PixelLimits
from shoebox.imaging.room import Occupied, Room
from shoebox.ports import Examined

log = logging.getLogger(__name__)

CPU_LIMIT: Final = 10.0  # seconds of processor time a job may take; a large honest one takes 4
WALL_LIMIT: Final = 30.0  # seconds on the clock: the processor limit on a host that is busy otherwise
ADDRESS_SPACE: Final = 1280 * 1024**2  # bytes a job may allocate: 50 megapixels four times, and the file
LOOK_INTERVAL: Final = 0.5  # seconds between looks at whether to drain
LOCK_INTERVAL: Final = 0.02  # seconds between tries to be the one with a large raster
LOCK_LIMIT: Final = 30.0  # seconds to wait for that where a job cannot be put back
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
    put_back: socket.socket | None = None,
    working: Callable[[], AbstractContextManager[None]] = contextlib.nullcontext,
) -> int:
    """Work on jobs until `draining()`, then return 0. To be called in its own process.

    Also returns 0 when the process has served long enough and a fresh one should follow.
    `beat` is called between jobs at least every second, but not during one: a watcher must
    allow `wall_limit` and LOCK_LIMIT seconds. `put_back` is the workers' end of the queue: a
    large picture whose turn it is not yet goes back there, so that small ones pass it; without
    it the decoder waits. `working` is entered for the length of each decode. Takes over SIGALRM
    and SIGPROF and lowers RLIMIT_AS.
    """
    memory.tame_allocator()
    memory.bound(settings.address_space)
    jobs.settimeout(LOOK_INTERVAL)
    if put_back:
        put_back.settimeout(LOCK_INTERVAL)
    decoder = _Decoder(settings, put_back, beat, working)
    for _ in range(settings.max_jobs):
        delivery = _next(jobs, beat, draining)
        if delivery is None:
            return 0
        with delivery:
            if delivery.wanted:
                decoder.handle(delivery)
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


class _Decoder:
    def __init__(
        self,
        settings: DecoderSettings,
        put_back: socket.socket | None,
        beat: Callable[[], None],
        working: Callable[[], AbstractContextManager[None]],
    ) -> None:
        self._settings = settings
        self._working = working
        self._put_back = put_back
        self._beat = beat
        self._room = Room(settings.large_lock)
        self._codec = PillowCodec(settings.limits, keep_metadata=settings.keep_metadata, alone=self._room.taken)
        # At the deadline the kernel ends the process: a handler in Python would wait for the
        # very C code that does not return.
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.signal(signal.SIGPROF, signal.SIG_DFL)

    def handle(self, delivery: wire.Delivery) -> None:
        """Answer a job, or put it back when it needs the room and that is taken."""
        if delivery.job.large and not self._room.enter():
            time.sleep(LOCK_INTERVAL)
            self._defer(delivery)
            return
        try:
            answer = self._timed(delivery)
        except Occupied:
            self._defer(delivery)
        else:
            wire.send_answer(delivery.reply, answer)
        finally:
            self._room.leave()

    def _timed(self, delivery: wire.Delivery) -> Examined | bytes | ShoeboxError:
        with self._working(), self._deadline():
            return _work(self._codec, delivery)

    def _defer(self, delivery: wire.Delivery) -> None:
        if self._put_back:
            with contextlib.suppress(TimeoutError):
                wire.send_job(self._put_back, delivery.job.as_large(), delivery.picture, delivery.reply)
                return
        wire.send_answer(delivery.reply, self._timed(delivery) if self._wait_for_room() else _crowded())

    def _wait_for_room(self) -> bool:
        end = time.monotonic() + LOCK_LIMIT
        while not self._room.enter():
            if time.monotonic() > end:
                return False
            self._beat()
            time.sleep(LOCK_INTERVAL)
        return True

    @contextmanager
    def _deadline(self) -> Iterator[None]:
        signal.setitimer(signal.ITIMER_REAL, self._settings.wall_limit)
        signal.setitimer(signal.ITIMER_PROF, self._settings.cpu_limit)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.setitimer(signal.ITIMER_PROF, 0)


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
    except Occupied:
        raise
    except Exception:
        log.exception("decoder failed")
        return ShoeboxError("The picture could not be examined.")


def _crowded() -> Unavailable:
    return Unavailable("The decoders are busy with large pictures.")
