"""The database's processes die under load and come back: nobody notices but whom they were serving."""

from __future__ import annotations

import time
from typing import Final

import pytest

from tests.client import Client
from tests.stack.process import wait_until
from tests.stack.service import Service
from tests.stack.stack import Stack
from tests.traffic import Traffic

RATE: Final = 25.0  # requests a second
VISITS: Final = 20  # before, and again while the service is away
LONGEST: Final = 6.0  # seconds away; requests wait for eight, and those that waited have to be answered then
TRIES: Final = 5  # to be back in time, on a machine that may have something else to do
PATIENCE: Final = 60.0  # seconds; far more than anything here takes


@pytest.mark.timeout(300)
@pytest.mark.parametrize("service", ["postgres", "pgbouncer"])
def test_a_restart_of_a_few_seconds_fails_no_request_but_those_in_flight(stack: Stack, service: str) -> None:
    for _ in range(TRIES):
        if away_for(stack, getattr(stack, service)) <= LONGEST:
            return
    raise AssertionError(f"{service} was never back within {LONGEST:g} s")


def away_for(stack: Stack, victim: Service) -> float:
    """Kill it under load and start it again; for how many seconds it was away. Nothing is promised to those
    who came while it was away for longer than `LONGEST`, except that what was stored is there."""
    client = Client(stack.url)
    with Traffic(client, rate=RATE) as traffic:
        wait_until(lambda: len(traffic.visits) >= VISITS, patience=PATIENCE, what="visitors come")
        begun = time.monotonic()
        victim.kill()
        gone = time.monotonic()
        try:
            health = client.get("/health")
            time.sleep(VISITS / RATE)
        finally:
            victim.start()
        wait_until(lambda: client.get("/health").status == 200, patience=PATIENCE, what="healthy again")
        away = time.monotonic() - begun
        served = len(traffic.visits)
        wait_until(lambda: len(traffic.visits) >= served + VISITS, patience=PATIENCE, what="visitors are served")
    in_flight = traffic.under_way(begun, gone)
    print(f"{away:.1f} s away: {traffic.summary()}, {len(in_flight)} in flight at the kill")
    assert health.status == 503, "/health says at once what it is"
    assert away > LONGEST or [visit for visit in traffic.failed if visit not in in_flight] == []
    assert traffic.broken() == []
    return away
