"""Files that are small and would be large, slow or deadly to decode."""

from __future__ import annotations

import signal
import threading
from pathlib import Path
from typing import Final

import pytest

from tests.client import Answer, Client
from tests.data.case import INVALID
from tests.data.corpus import all_cases
from tests.pictures import noise, picture
from tests.robustness.processes import MIB, decoders, forget_peaks, peak, workers
from tests.stack.embedded import Embedded
from tests.stack.process import send, wait_until
from tests.stack.stack import Stack

MAX_GROWTH: Final = 100 * MIB
PATIENCE: Final = 20.0  # seconds; none of these takes one
OTHERS: Final = 10  # requests while a decoder hangs

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


def one_at_work(topology: Embedded | Stack) -> int:
    """Wait for a decoder that has an upload in hand."""
    found: list[int] = []

    def looked() -> bool:
        found.extend(pid for pid in decoders(topology) if _holds_staged_file(pid))
        return bool(found)

    wait_until(looked, patience=PATIENCE, what="a decoder works")
    return found[0]


def _holds_staged_file(pid: int) -> bool:
    try:
        return any("/staging/" in str(entry.readlink()) for entry in Path(f"/proc/{pid}/fd").iterdir())
    except OSError:  # it ended, or closed a file, while we were looking
        return False


class SlowUpload(threading.Thread):
    """A picture that takes a decoder a second, sent from a thread of its own."""

    def __init__(self, client: Client, data: bytes) -> None:
        super().__init__()
        self.answer: Answer | None = None
        self._client = client
        self._data = data

    def run(self) -> None:
        self.answer = self._client.upload("slow.png", self._data)


def test_a_decoder_that_hangs_or_dies_costs_one_upload_and_nobody_else(topology: Embedded | Stack) -> None:
    client = Client(topology.url)
    data = noise(2500, 2500)
    count = len(decoders(topology))
    slow = SlowUpload(client, data)
    slow.start()
    victim = one_at_work(topology)
    send(victim, signal.SIGSTOP)
    others = [client.upload("a.png", picture()) for _ in range(OTHERS)]
    assert {answer.status for answer in others} == {201}
    assert slow.is_alive()
    send(victim, signal.SIGKILL)
    slow.join(PATIENCE)
    assert slow.answer is not None
    assert (slow.answer.status, slow.answer.json["code"]) == (422, "invalid_image")
    wait_until(lambda: len({*decoders(topology)} - {victim}) >= count, patience=PATIENCE, what="another decoder")
    assert client.upload("again.png", data).status == 201
