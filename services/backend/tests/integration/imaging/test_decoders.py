"""Decoder processes that crash, hang, starve or are killed, and the workers who wait for them."""

from __future__ import annotations

import fcntl
import os
import signal
import socket
import sys
import termios
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import pytest
from PIL import Image

from services.backend.tests.decoders import crew
from services.backend.tests.staged import staged
from services.backend.tests.waiting import PATIENCE, wait_until
from shoebox.domain.errors import InvalidImage, ShoeboxError, Unavailable
from shoebox.imaging.remote import RemoteCodec
from shoebox.ports import Examined
from tests.data.chart import chart, exif, saved

SMALL = saved(chart(), "PNG")
LARGE = saved(Image.new("RGB", (7000, 7000)), "PNG")  # 49 megapixels: allowed, and half a second of work
DRESSED = saved(chart(), "JPEG", exif=exif())


def examine(codec: RemoteCodec, data: bytes) -> Examined:
    with staged(data) as file:
        return codec.examine(file)


def is_served(codec: RemoteCodec) -> bool:
    """Whether a small picture is examined, which a machine that pauses can be too slow for."""
    try:
        return examine(codec, SMALL).facts.width == 120
    except InvalidImage:
        return False


@dataclass(frozen=True, slots=True)
class Lock:
    """The lock on large rasters, held by this process until `release`."""

    file: IO[bytes]

    @property
    def descriptor(self) -> int:
        return self.file.fileno()

    def release(self) -> None:
        fcntl.lockf(self.file, fcntl.LOCK_UN)


@contextmanager
def held(path: Path) -> Iterator[Lock]:
    """A lock that no decoder gets."""
    with path.open("wb") as file:
        fcntl.lockf(file, fcntl.LOCK_EX)
        yield Lock(file)


@contextmanager
def waiting(codec: RemoteCodec, data: bytes) -> Iterator[Future[Examined]]:
    """An examination under way in a thread of its own."""
    with ThreadPoolExecutor(1) as thread:
        yield thread.submit(examine, codec, data)


def my_descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def is_queued(jobs: socket.socket) -> bool:
    """Whether something sent has not been received yet (unix(7), SIOCOUTQ)."""
    return int.from_bytes(fcntl.ioctl(jobs, termios.TIOCOUTQ, bytes(4)), sys.byteorder) > 0


def test_a_decoder_killed_at_work_costs_one_picture(tmp_path: Path) -> None:
    with held(tmp_path / "lock") as lock, crew(large_lock=lock.descriptor, put_back=False) as running:
        codec = RemoteCodec(running.jobs)
        with waiting(codec, LARGE) as doomed:
            # The lock keeps the decoder in the middle of the job for as long as it takes.
            wait_until(lambda: running.at_work() == 1)
            running.kill_all()
            with pytest.raises(InvalidImage):
                doomed.result(PATIENCE)
        assert examine(codec, SMALL).facts.width == 120


def test_a_job_that_no_decoder_has_read_survives_their_death() -> None:
    with crew(2) as running:
        codec = RemoteCodec(running.jobs)
        for pid in running.pids():
            os.kill(pid, signal.SIGSTOP)
        with waiting(codec, SMALL) as pending:
            wait_until(lambda: is_queued(running.jobs))
            running.kill_all()
            assert pending.result(PATIENCE).facts.width == 120


def test_a_decode_past_its_deadline_ends_and_the_next_is_served() -> None:
    with crew(wall_limit=0.1) as running:
        codec = RemoteCodec(running.jobs)
        before = running.pids()
        with pytest.raises(InvalidImage):
            examine(codec, LARGE)
        wait_until(lambda: is_served(codec))
        assert running.pids() != before


def test_a_decode_that_burns_too_much_processor_time_ends() -> None:
    with crew(cpu_limit=0.1) as running, pytest.raises(InvalidImage):
        examine(RemoteCodec(running.jobs), LARGE)


def test_a_decode_that_wants_too_much_memory_is_refused_and_kills_nobody() -> None:
    with crew(address_space=100 * 1024**2) as running:
        codec = RemoteCodec(running.jobs)
        before = running.pids()
        with pytest.raises(InvalidImage):
            examine(codec, LARGE)
        assert examine(codec, SMALL).facts.width == 120
        assert running.pids() == before


def test_small_pictures_pass_while_large_ones_wait_for_their_turn(tmp_path: Path) -> None:
    with (
        held(tmp_path / "lock") as lock,
        crew(2, large_lock=lock.descriptor) as running,
        ThreadPoolExecutor(4) as threads,
    ):
        codec = RemoteCodec(running.jobs)
        large = [threads.submit(examine, codec, LARGE) for _ in range(4)]
        assert all(examine(codec, SMALL).facts.width == 120 for _ in range(10))
        assert not any(job.done() for job in large)
        lock.release()
        assert {job.result(PATIENCE).facts.width for job in large} == {7000}


def test_a_large_picture_needs_no_way_back_to_the_queue(tmp_path: Path) -> None:
    with (
        held(tmp_path / "lock") as lock,
        crew(1, large_lock=lock.descriptor, put_back=False) as running,
        waiting(RemoteCodec(running.jobs), LARGE) as large,
    ):
        wait_until(lambda: running.at_work() == 1)
        lock.release()
        assert large.result(PATIENCE).facts.width == 7000


def test_without_decoders_a_caller_is_told_to_come_again() -> None:
    with crew(0) as running, pytest.raises(Unavailable):
        examine(RemoteCodec(running.jobs, wait=0.2), SMALL)


def test_nobody_works_for_a_caller_who_left() -> None:
    with crew(1) as running, staged(DRESSED) as file:
        (pid,) = running.pids()
        os.kill(pid, signal.SIGSTOP)
        with pytest.raises(Unavailable):
            RemoteCodec(running.jobs, wait=0.2).examine(file)
        os.kill(pid, signal.SIGCONT)
        assert examine(RemoteCodec(running.jobs), SMALL).facts.width == 120
        assert file.content() == DRESSED


def test_many_threads_get_their_own_answers() -> None:
    pictures = [saved(chart(size=(100 + number, 50)), "PNG") for number in range(64)]
    with crew(2) as running, ThreadPoolExecutor(64) as threads:
        codec = RemoteCodec(running.jobs)
        start = threading.Barrier(64)

        def upload(data: bytes) -> int:
            start.wait(PATIENCE)
            return examine(codec, data).facts.width

        assert list(threads.map(upload, pictures)) == [100 + number for number in range(64)]


def test_a_decoder_makes_room_for_a_fresh_one_after_its_share() -> None:
    with crew(1, max_jobs=3) as running:
        codec = RemoteCodec(running.jobs)
        first = running.pids()
        assert all(examine(codec, SMALL).facts.width == 120 for _ in range(10))
        assert running.pids() != first


def test_no_descriptor_is_kept() -> None:
    with crew(1) as running:
        codec = RemoteCodec(running.jobs)
        examine(codec, SMALL)  # whatever a decoder opens once is open now
        before, mine = running.descriptors(), my_descriptors()
        for data in (SMALL, DRESSED, b"hello", SMALL[:-20]) * 5:
            with staged(data) as file, suppress(ShoeboxError):
                codec.examine(file)
        wait_until(lambda: running.descriptors() == before)
        # What an earlier test has left to be closed may be gone too.
        wait_until(lambda: my_descriptors() <= mine)
