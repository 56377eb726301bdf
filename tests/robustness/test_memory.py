"""No body is held in memory: not one, not sixty-four."""

from __future__ import annotations

import contextlib
import http.client
import time
from collections.abc import Callable
from threading import Barrier
from typing import Final

import pytest

from tests.client import Answer, Client
from tests.pictures import noise
from tests.robustness.crowd import at_once
from tests.robustness.processes import MIB, watched_memory
from tests.stack.embedded import Embedded
from tests.stack.stack import Stack

UPLOADS: Final = 64
BOUND: Final = 300 * MIB
LIMIT: Final = 20 * MIB  # the largest picture
PATIENCE: Final = 120.0  # seconds for all of them


@pytest.fixture(scope="module")
def large_pictures() -> list[bytes]:
    """A BMP, a PNG and a JPEG, each within a hair of the largest size."""
    made = [noise(2640, 2640, form="BMP"), noise(2640, 2640), noise(4200, 4200, form="JPEG", quality=95)]
    assert all(0.97 * LIMIT < len(data) <= LIMIT for data in made)
    return made


def put(client: Client, data: bytes, middle: Barrier) -> Answer:
    """Upload `data`, but go on after its first half only when everybody has come as far.

    Who is told that the service is busy comes again, as `Retry-After` says.
    """
    connection = http.client.HTTPConnection(client.host, client.port, timeout=PATIENCE)
    connection.putrequest("PUT", "/api/upload/large")
    connection.putheader("Content-Length", str(len(data)))
    with contextlib.suppress(ConnectionError):  # refused already: the answer is there
        connection.endheaders(memoryview(data)[: len(data) // 2])
    middle.wait(PATIENCE)
    with contextlib.suppress(ConnectionError):  # refused meanwhile: the answer is there
        connection.send(memoryview(data)[len(data) // 2 :])
    response = connection.getresponse()
    answer = Answer(status=response.status, headers=response.headers, body=response.read())
    connection.close()
    deadline = time.monotonic() + PATIENCE
    while answer.status == 503 and time.monotonic() < deadline:
        time.sleep(int(answer.headers["Retry-After"]))
        answer = client.put("large", data)
    return answer


@pytest.mark.timeout(300)
def test_sixty_four_large_uploads_at_once_take_little_memory(
    topology: Embedded | Stack,
    large_pictures: list[bytes],
    record_testsuite_property: Callable[[str, object], None],
) -> None:
    client = Client(topology.url, timeout=PATIENCE)
    middle = Barrier(UPLOADS)
    chosen = [large_pictures[number % len(large_pictures)] for number in range(UPLOADS)]
    with watched_memory(topology) as watch:
        answers = at_once([lambda data=data: put(client, data, middle) for data in chosen])
    name = type(topology).__name__
    record_testsuite_property(f"{name}: MiB of master and workers", watch.peak.workers // MIB)
    record_testsuite_property(f"{name}: MiB of decoders", watch.peak.decoders // MIB)
    assert {answer.status for answer in answers} == {201}
    assert watch.peak.workers < BOUND
