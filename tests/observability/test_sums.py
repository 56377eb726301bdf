"""The numbers add up over all workers, whatever happens to them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPException
from pathlib import Path

import pytest

from tests.client import Client
from tests.observability.numbers import Samples, requests, samples
from tests.pictures import picture
from tests.stack.embedded import Embedded
from tests.stack.process import wait_until
from tests.stack.stack import Stack

PATIENCE = 60.0  # seconds; far more than anything here takes
LISTS, UPLOADS, ABSENT = 60, 12, 9


@pytest.fixture(params=["embedded", "stack"])
def system(request: pytest.FixtureRequest, state: Path) -> Iterator[Embedded | Stack]:
    if request.param == "embedded":
        with Embedded(state=state, workers=3) as embedded:
            yield embedded
    else:
        with Stack(state=state, workers=3, fsync=False) as stack:
            yield stack


def worker_of(system: Embedded | Stack) -> Client:
    """A worker, without Nginx in between."""
    return Client(f"http://127.0.0.1:{system.start_port}" if isinstance(system, Stack) else system.url)


def load(system: Embedded | Stack) -> None:
    """A known number of requests, all answered when it returns."""
    client = Client(system.url)
    with ThreadPoolExecutor(6) as pool:
        answers = [
            *(pool.submit(client.list) for _ in range(LISTS)),
            *(pool.submit(client.upload, "a.png", picture()) for _ in range(UPLOADS)),
            *(pool.submit(client.get, "/api/images/absent.png") for _ in range(ABSENT)),
        ]
        statuses = sorted(answer.result().status for answer in answers)
    assert statuses == [200] * LISTS + [201] * UPLOADS + [404] * ABSENT


def known(told: Samples) -> tuple[float, ...]:
    """Lists are told by who gave them: workers, or Nginx by itself."""
    served = told.get(("shoebox_lists_served_total",), 0.0)
    return (
        requests(told, "GET", "/api/images/", 200) + served,
        requests(told, "POST", "/api/upload/", 201),
        requests(told, "GET", "/api/images/{name}", 404),
        told.get(("shoebox_http_request_seconds_count", "GET", "/api/images/"), 0.0) + served,
        told["shoebox_upload_bytes_count",],
        told["shoebox_decode_seconds_count",],
    )


def expect(system: Embedded | Stack, times: int) -> None:
    """An answer is counted after it was sent, so the last may be a moment late."""
    wanted = tuple(float(times * count) for count in (LISTS, UPLOADS, ABSENT, LISTS, UPLOADS, UPLOADS))
    worker = worker_of(system)
    wait_until(lambda: known(samples(worker)) == wanted, patience=PATIENCE, what=f"{wanted} are counted")


def settled(system: Embedded | Stack) -> None:
    worker = worker_of(system)

    def complete() -> bool:
        try:
            return samples(worker)["shoebox_workers",] == system.worker_count
        except (OSError, HTTPException):
            return False

    wait_until(complete, patience=PATIENCE, what="every worker counts, and no other")


def test_counters_are_the_requests_that_were_sent(system: Embedded | Stack) -> None:
    settled(system)
    load(system)
    expect(system, 1)
    killed = system.kill_worker(1)
    wait_until(lambda: not alive(killed), patience=PATIENCE, what="it is dead")
    settled(system)
    load(system)
    expect(system, 2)
    before = set(system.workers.pids)
    system.workers.reload()
    wait_until(lambda: not before & set(system.workers.pids), patience=PATIENCE, what="all are replaced")
    settled(system)
    load(system)
    expect(system, 3)
    worker = worker_of(system)
    wait_until(lambda: samples(worker)["shoebox_decode_jobs",] == 0, patience=PATIENCE, what="nothing is decoded")
    assert samples(worker)["shoebox_images",] == 3 * UPLOADS


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_files_do_not_become_more_with_every_process(state: Path) -> None:
    with Embedded(state=state, workers=2) as system:
        settled(system)
        folder = next(state.rglob("metrics"))
        for _ in range(4):
            killed = system.kill_worker(0)
            wait_until(lambda killed=killed: not alive(killed), patience=PATIENCE, what="it is dead")
            settled(system)
        wait_until(
            lambda: len(list(folder.iterdir())) <= 2 * len(system.workers.pids), patience=PATIENCE, what="few files"
        )


def test_numbers_do_not_pass_nginx(stack: Stack) -> None:
    answer = Client(stack.url).get("/metrics")
    assert (answer.status, answer.json["code"]) == (403, "forbidden")
    assert [Client(stack.url).get(path).status for path in ("/livez", "/readyz")] == [200, 200]
