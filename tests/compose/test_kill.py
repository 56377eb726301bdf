"""`kill -9` of any one container under load: it comes back, and only what it was serving may fail."""

from __future__ import annotations

import hashlib
import json
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.client import Client
from tests.compose.compose import PATIENCE, Compose
from tests.compose.docker import inspect, wait_for
from tests.stack.process import StackError, descendants, send, start_time, wait_until
from tests.traffic import Traffic, Visit

RATE = 25.0  # requests a second
ENOUGH = 25  # requests, before a kill and after it
ALL = 8  # requests, so that every worker is asked
# Seconds: requests wait eight for a database that is away, and those that waited have to be answered then.
LONGEST = 6.0
Container = Mapping[str, Any]  # what the engine knows of it


@dataclass(frozen=True, slots=True, kw_only=True)
class Kill:
    """When it was sent, when the last process was gone, when the container and all that need it were
    healthy again."""

    sent: float
    gone: float
    back: float

    def was_serving(self, visit: Visit) -> bool:
        """Whether a request was under way, and may fail."""
        return visit.overlaps(self.sent, self.gone)

    def was_too_long_for(self, visit: Visit) -> bool:
        """Whether a request was told, as it may be then, that the database is away for long: on a
        machine that has much else to do."""
        return self.back - self.sent > LONGEST and visit.outcome == 503


def strike(container: Container) -> tuple[float, float]:
    """`kill -9` of its first process, from outside: when it was sent, when the last process was gone."""
    first = int(container["State"]["Pid"])
    family = {pid: start_time(pid) for pid in (first, *descendants(first))}
    sent = time.monotonic()
    send(first, signal.SIGKILL)
    wait_until(
        lambda: all(start_time(pid) != started or not started for pid, started in family.items()),
        patience=PATIENCE,
        what="it is gone",
    )
    return sent, time.monotonic()


def revival(compose: Compose, container: Container) -> float:
    """When it is healthy again, and so is all that needs it."""
    client = Client(compose.url)

    def is_back() -> bool:
        state = inspect(container["Id"])["State"]
        # What it says of its health until it is started again is about the one that died.
        return bool(state["StartedAt"] != container["State"]["StartedAt"] and state["Health"]["Status"] == "healthy")

    def is_served() -> bool:
        with suppress(OSError):
            return all(client.get("/health").status == 200 for _ in range(ALL))
        return False

    wait_for(is_back, patience=PATIENCE, what=f"{container['Name']} is back")
    wait_until(is_served, patience=PATIENCE, what="visitors are served")
    return time.monotonic()


def kill(compose: Compose, service: str, number: int = 0) -> Kill:
    """`kill -9` of a container; returns when it is healthy again."""
    container = compose.inspect(service)[number]
    sent, gone = strike(container)
    return Kill(sent=sent, gone=gone, back=revival(compose, container))


def go_on(traffic: Traffic) -> None:
    """Wait for some requests that begin from now on and are answered."""
    now = time.monotonic()
    wait_until(
        lambda: sum(visit.begun > now and not visit.failed for visit in traffic.visits) >= ENOUGH,
        patience=PATIENCE,
        what="visitors are served",
    )


def report(name: str, killed: Kill, traffic: Traffic) -> None:
    """The figures, for docs/operations.md."""
    under_way = len(traffic.under_way(killed.sent, killed.gone))
    back = killed.back - killed.sent
    print(f"{name}: healthy after {back:.1f} s; {traffic.summary()}; {under_way} under way at the kill")


@pytest.mark.parametrize(("service", "number"), [("web", 0), ("web", 1), ("pgbouncer", 0), ("db", 0)])
def test_only_what_a_killed_container_was_serving_may_fail(compose: Compose, service: str, number: int) -> None:
    with Traffic(Client(compose.url), rate=RATE) as traffic:
        go_on(traffic)
        killed = kill(compose, service, number)
        go_on(traffic)
    report(f"{service} {number + 1}", killed, traffic)
    failed = [visit for visit in traffic.failed if not killed.was_serving(visit)]
    if service in {"pgbouncer", "db"}:
        failed = [visit for visit in failed if not killed.was_too_long_for(visit)]
    assert failed == []
    assert traffic.broken() == []


def test_while_the_front_door_is_away_connections_fail_and_who_tries_again_loses_nothing(compose: Compose) -> None:
    client = Client(compose.url)
    with Traffic(client, rate=RATE / 2) as traffic, Traffic(client, rate=RATE / 2, retrying=True) as retrying:
        go_on(traffic)
        killed = kill(compose, "nginx")
        go_on(traffic)
    report("nginx", killed, traffic)
    report("nginx, connections tried again", killed, retrying)
    first = min(visit.ended for visit in traffic.visits if visit.begun > killed.gone and not visit.failed)
    print(f"nginx: the first answer {first - killed.sent:.1f} s after the kill")
    assert [visit for visit in traffic.failed if isinstance(visit.outcome, int)] == [], "an error that Nginx made"
    assert [visit for visit in traffic.failed if visit.begun > killed.back] == []
    assert retrying.failed == []
    assert traffic.broken() + retrying.broken() == []


@contextmanager
def held_up(compose: Compose) -> Iterator[None]:
    """No dump comes to its end until the block does: a table is locked that visitors do not need."""
    argv = ["docker", "exec", "--interactive", compose.ids("db")[0], "psql", "-U", "shoebox", "-qAt"]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as psql:
        assert psql.stdin is not None
        assert psql.stdout is not None
        psql.stdin.write("SET idle_in_transaction_session_timeout = 0;\n")
        psql.stdin.write("BEGIN; LOCK TABLE schema_migrations IN ACCESS EXCLUSIVE MODE;\n\\echo locked\n")
        psql.stdin.flush()
        assert psql.stdout.readline() == "locked\n"
        yield


def is_whole(backup: Path) -> bool:
    """Whether a backup's dump is what its manifest says."""
    manifest = json.loads((backup / "manifest.json").read_text())
    return bool(hashlib.sha256((backup / "database").read_bytes()).hexdigest() == manifest["dump_sha256"])


def test_a_backup_that_is_killed_is_not_taken_for_one(compose: Compose) -> None:
    compose.await_backup()
    folder, container = compose.layout.backups, compose.inspect("backup")[0]
    before = set(folder.glob("shoebox-*"))
    with Traffic(Client(compose.url), rate=RATE) as traffic, ThreadPoolExecutor(1) as threads:
        with held_up(compose):
            backup = threads.submit(compose.run, "exec", "--no-TTY", "backup", "python3", "-m", "shoebox", "backup")
            wait_until(lambda: any(folder.glob(".unfinished-*")), patience=PATIENCE, what="a backup begins")
            sent, gone = strike(container)
            with pytest.raises(StackError):
                backup.result(PATIENCE)
            assert set(folder.glob("shoebox-*")) == before
        killed = Kill(sent=sent, gone=gone, back=revival(compose, container))
        go_on(traffic)
    report("backup, at work", killed, traffic)
    assert traffic.failed == []
    # It takes one when it starts, and clears away what the killed one left.
    wait_until(lambda: set(folder.glob("shoebox-*")) > before, patience=PATIENCE, what="another one is taken")
    assert list(folder.glob(".unfinished-*")) == []
    assert all(map(is_whole, folder.glob("shoebox-*")))
