"""The database's processes die under load and come back: nobody notices but whom they were serving."""

from __future__ import annotations

import time

import pytest

from tests.client import Client
from tests.stack.process import wait_until
from tests.stack.stack import Stack
from tests.traffic import Traffic

AWAY = 3.0  # seconds that a restart takes
PATIENCE = 30.0  # seconds; far more than anything here takes


@pytest.mark.parametrize("service", ["postgres", "pgbouncer"])
def test_a_restart_of_a_few_seconds_fails_no_request_but_those_in_flight(stack: Stack, service: str) -> None:
    client = Client(stack.url)
    victim = getattr(stack, service)
    with Traffic(client) as traffic:
        time.sleep(1)
        begun = time.monotonic()
        victim.kill()
        gone = time.monotonic()
        try:
            health = client.get("/health")
            time.sleep(AWAY)
        finally:
            victim.start()
        wait_until(lambda: client.get("/health").status == 200, patience=PATIENCE, what="healthy again")
        time.sleep(1)
    in_flight = traffic.under_way(begun, gone)
    print(f"{service}: {traffic.summary()}, {len(in_flight)} in flight at the kill")
    assert health.status == 503, "/health says at once what it is"
    assert [visit for visit in traffic.failed if visit not in in_flight] == []
    assert traffic.broken() == []
