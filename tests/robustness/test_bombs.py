"""Files that are small and would be large, slow or deadly to decode."""

from __future__ import annotations

import signal
import threading
import time
from pathlib import Path
from typing import Final

import pytest

from tests.client import Answer, Client
from tests.data.case import INVALID
from tests.data.corpus import all_cases
from tests.pictures import noise, picture
from tests.robustness.processes import MIB, decoders, forget_peaks, peak, workers
from tests.stack.embedded import Embedded
from tests.stack.proc import status
from tests.stack.process import send, wait_until
from tests.stack.stack import Stack

MAX_GROWTH: Final = 100 * MIB
PATIENCE: Final = 60.0  # seconds; none of these takes one
OTHERS: Final = 10  # requests while a decoder hangs
TRIES: Final = 10  # to stop a decoder before it is done

# The files of the corpus that cost a careless reader most.
WORST: Final = (
    "claims-65500-squared.jpg",
    "claims-201-megapixels.jpg",
    "repeated-scans.jpg",
    "claims-20000-squared.png",
    "claims-2-to-the-31.png",
    "profile-bomb.png",
    "many-large-frames.png",
    "claims-65535-squared.gif",
    "frame-claims-65535-squared.gif",
    "sixty-large-frames.gif",
    "a-thousand-and-one-frames.gif",
    "claims-16384-squared.webp",
    "claims-14685-by-15388.webp",
    "sixty-large-frames.webp",
    "a-thousand-and-one-frames.webp",
    "claims-65535-squared.tiff",
    "deflate-bomb.tiff",
    "a-thousand-and-one-pages.tiff",
    "claims-30000-squared.bmp",
    "run-length-bomb.bmp",
    "claims-65535-squared.avif",
    "claims-2-to-the-32.avif",
)
_MADE: Final = {case.name: case.make for case in all_cases() if case.status == INVALID}


@pytest.mark.parametrize("name", WORST)
def test_a_bomb_is_refused_in_little_memory_and_the_next_request_is_fine(topology: Embedded | Stack, name: str) -> None:
    client = Client(topology.url)
    bomb = _MADE[name]()
    processes = [*workers(topology), *decoders(topology)]
    forget_peaks(processes)
    before = {pid: peak(pid) for pid in processes}
    answer = client.upload(name, bomb)
    assert (answer.status, answer.json["code"]) == (422, "invalid_image")
    assert max(peak(pid) - before[pid] for pid in processes) < MAX_GROWTH
    assert client.upload("a.png", picture()).status == 201


class SlowUpload(threading.Thread):
    """A picture that takes a decoder a second, sent from a thread of its own."""

    def __init__(self, client: Client, data: bytes) -> None:
        super().__init__()
        self.answer: Answer | None = None
        self._client = client
        self._data = data

    def run(self) -> None:
        self.answer = self._client.upload("slow.png", self._data)


def stopped_at_work(among: list[int], upload: SlowUpload) -> int | None:
    """A decoder with the upload in hand, stopped; none if the upload was done first."""
    deadline = time.monotonic() + PATIENCE
    while upload.is_alive() and time.monotonic() < deadline:
        for pid in filter(_holds_staged_file, among):
            send(pid, signal.SIGSTOP)
            wait_until(lambda pid=pid: not _runs(pid), patience=PATIENCE, what="it has stopped")
            if _holds_staged_file(pid):
                return pid
            send(pid, signal.SIGCONT)
        time.sleep(0.001)
    return None


def _runs(pid: int) -> bool:
    return status(pid)[:1] not in ([], ["T"])


def _holds_staged_file(pid: int) -> bool:
    try:
        return any("/staging/" in str(entry.readlink()) for entry in Path(f"/proc/{pid}/fd").iterdir())
    except OSError:  # it ended, or closed a file, while we were looking
        return False


def begun_and_stopped(client: Client, data: bytes, among: list[int]) -> tuple[SlowUpload, int]:
    """An upload, and the decoder that has it in hand and hangs."""
    for _ in range(TRIES):
        slow = SlowUpload(client, data)
        slow.start()
        victim = stopped_at_work(among, slow)
        if victim is not None:
            return slow, victim
        slow.join(PATIENCE)
    raise AssertionError("every upload was done before its decoder could be stopped")


def test_a_decoder_that_hangs_or_dies_costs_one_upload_and_nobody_else(topology: Embedded | Stack) -> None:
    client = Client(topology.url)
    data = noise(2500, 2500)
    there = decoders(topology)
    slow, victim = begun_and_stopped(client, data, there)
    others = [client.upload("a.png", picture()) for _ in range(OTHERS)]
    assert {answer.status for answer in others} == {201}
    assert slow.is_alive()
    send(victim, signal.SIGKILL)
    slow.join(PATIENCE)
    assert slow.answer is not None
    assert (slow.answer.status, slow.answer.json["code"]) == (422, "invalid_image")
    wait_until(lambda: bool({*decoders(topology)} - {*there}), patience=PATIENCE, what="another decoder")
    assert client.upload("again.png", data).status == 201
