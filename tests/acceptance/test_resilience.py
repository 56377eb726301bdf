"""Processes die, reload and go away; clients notice as little as possible."""

from __future__ import annotations

import http.client
import signal
import socket
from collections.abc import Set
from pathlib import Path

import pytest

from tests.client import Client
from tests.load import CLIENTS, Load, load
from tests.pictures import picture
from tests.stack.embedded import Embedded
from tests.stack.process import wait_until
from tests.stack.stack import Stack

RELOADS = 10
ANSWERS = 20
PATIENCE = 60.0  # seconds; far more than anything here takes


def worker_pids(topology: Embedded | Stack, *, without: Set[int] = frozenset()) -> set[int]:
    """One process for every worker's place, none of those in `without`."""
    found: set[int] = set()

    def complete() -> bool:
        found.clear()
        found.update(topology.worker_pid(index) for index in range(topology.worker_count))
        return len(found) == topology.worker_count and not found & without

    wait_until(complete, patience=PATIENCE, what="every worker's place is taken")
    return found


def wait_for_more(running: Load) -> None:
    """Until some of those who have not come yet are answered."""
    wanted = len(running.statuses) + ANSWERS
    wait_until(lambda: len(running.statuses) >= wanted, patience=PATIENCE, what=f"{ANSWERS} more answers")


def test_a_killed_worker_is_replaced_and_no_other_request_fails(processes: Embedded | Stack) -> None:
    client = Client(processes.url)
    with load(client.list) as running:
        for index in range(processes.worker_count):
            wait_for_more(running)
            killed = processes.kill_worker(index % 2)
            worker_pids(processes, without={killed})
        wait_for_more(running)
    # Nginx asks another worker; without it the killed worker's own connections are lost.
    allowed = 0 if isinstance(processes, Stack) else CLIENTS * processes.worker_count
    assert len(running.bad) <= allowed, running.bad


def test_reloads_under_load_fail_no_request(processes: Embedded | Stack) -> None:
    client = Client(processes.url)
    master = processes.master_pid
    with load(client.list) as running:
        workers = worker_pids(processes)
        for _ in range(RELOADS):
            processes.workers.reload()
            workers = worker_pids(processes, without=workers)
        wait_for_more(running)
    assert running.bad == []
    assert processes.master_pid == master


def test_the_database_may_go_away_and_come_back(stack: Stack) -> None:
    client = Client(stack.url)
    key = client.upload("before.png", picture()).json["filename"]
    stack.postgres.stop()
    try:
        for answer in (
            client.list(),
            client.upload("meanwhile.png", picture()),
            client.delete(key),
            client.get("/health"),
        ):
            assert answer.status == 503
        refused = client.list()
        assert refused.type == "application/problem+json"
        assert refused.json["code"] == "unavailable"
        assert int(refused.headers["Retry-After"]) >= 1
        assert client.get(f"/images/{key}").status == 200
    finally:
        stack.postgres.start()
    wait_until(lambda: client.get("/health").status == 200, patience=PATIENCE, what="healthy again")
    listed = client.list().json
    assert key in listed["files"]
    assert "meanwhile.png" not in {image["original_name"] for image in listed["images"]}


def test_a_dead_pgbouncer_is_503_and_its_successor_is_found(stack: Stack) -> None:
    client = Client(stack.url)
    client.upload("a.png", picture())  # a list that Nginx keeps would be given without the database
    stack.pgbouncer.kill()
    try:
        assert client.list().status == 503
    finally:
        stack.pgbouncer.start()
    wait_until(lambda: client.list().status == 200, patience=PATIENCE, what="lists again")


def test_no_worker_at_all_is_a_503_with_a_problem(stack: Stack) -> None:
    client = Client(stack.url)
    key = client.upload("still there.png", picture()).json["filename"]
    stack.workers.stop()
    try:
        answer = client.list()
        assert (answer.status, answer.type) == (answer.json["status"], "application/problem+json")
        assert answer.status in {502, 503}
        assert client.get(f"/images/{key}").status == 200
    finally:
        stack.workers.start()
    wait_until(lambda: client.list().status == 200, patience=PATIENCE, what="lists again")


@pytest.mark.parametrize("signal_number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_finishes_the_upload_in_flight(state: Path, signal_number: signal.Signals) -> None:
    data = picture(64, 64)
    with Embedded(state=state) as embedded:
        connection = http.client.HTTPConnection("127.0.0.1", embedded.port, timeout=PATIENCE)
        connection.putrequest("PUT", "/api/upload/slow.png")
        connection.putheader("Content-Length", str(len(data)))
        connection.endheaders(data[:20])
        wait_until(
            lambda: bool(list((embedded.layout.images / "staging").glob("*"))), patience=PATIENCE, what="it arrives"
        )
        embedded.workers.process.signal(signal_number)
        wait_until(lambda: not is_taken(embedded.port), patience=PATIENCE, what="nobody else is let in")
        connection.send(data[20:])
        assert connection.getresponse().status == 201
        wait_until(lambda: not embedded.workers.process.alive, patience=PATIENCE, what="it stops")


def test_what_was_stored_is_there_after_everything_was_killed(state: Path) -> None:
    data = picture()
    with Embedded(state=state) as embedded:
        client = Client(embedded.url)
        url = client.upload("a.png", data).json["url"]
        embedded.workers.kill()
        embedded.workers.start()
        wait_until(lambda: answers(client), patience=PATIENCE, what="it is up again")
        assert client.get(url).body == data
        assert client.list().json["total_items"] == 1


def is_taken(port: int) -> bool:
    """Whether connections to `port` are."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=PATIENCE).close()
    except OSError:
        return False
    return True


def answers(client: Client) -> bool:
    try:
        return client.get("/health").status == 200
    except (OSError, http.client.HTTPException):
        return False
