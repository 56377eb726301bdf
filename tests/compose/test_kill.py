"""`kill -9` of any one container under load: back in seconds, and only what it was serving may fail."""

from __future__ import annotations

import hashlib
import json
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.client import Client
from tests.compose.compose import Compose
from tests.stack.process import StackError, descendants, send, start_time, wait_until
from tests.traffic import Traffic

BACK = 10.0  # seconds after which a killed container serves again
PATIENCE = 60.0  # seconds; far more than anything here takes
RATE = 50.0  # requests a second


@dataclass(frozen=True, slots=True, kw_only=True)
class Kill:
    """When it was sent, when the last process was gone, when the container was healthy again."""

    sent: float
    gone: float
    back: float


def kill(compose: Compose, service: str, number: int = 0) -> Kill:
    """`kill -9` of a container's first process, from outside; returns when it is healthy again."""
    before = compose.inspect(service)[number]
    first = int(before["State"]["Pid"])
    family = [first, *descendants(first)]
    sent = time.monotonic()
    send(first, signal.SIGKILL)
    wait_until(lambda: not any(map(start_time, family)), patience=BACK, what="it is gone")
    gone = time.monotonic()

    def is_back() -> bool:
        now = compose.inspect(service)[number]
        restarted = now["RestartCount"] > before["RestartCount"]
        return bool(restarted and now["State"].get("Health", {}).get("Status") == "healthy")

    wait_until(is_back, patience=BACK - (gone - sent), what=f"{service} is back")
    return Kill(sent=sent, gone=gone, back=time.monotonic())


def report(name: str, killed: Kill, traffic: Traffic) -> None:
    """The figures, for docs/operations.md."""
    under_way = len(traffic.under_way(killed.sent, killed.gone))
    back = killed.back - killed.sent
    print(f"{name}: healthy after {back:.1f} s; {traffic.summary()}; {under_way} under way at the kill")


@pytest.mark.parametrize(("service", "number"), [("web", 0), ("web", 1), ("pgbouncer", 0), ("db", 0)])
def test_only_what_a_killed_container_was_serving_may_fail(compose: Compose, service: str, number: int) -> None:
    with Traffic(Client(compose.url), rate=RATE) as traffic:
        time.sleep(1)
        killed = kill(compose, service, number)
        time.sleep(1)
    report(f"{service} {number + 1}", killed, traffic)
    under_way = traffic.under_way(killed.sent, killed.gone)
    assert [visit for visit in traffic.failed if visit not in under_way] == []
    assert traffic.broken() == []


def test_while_the_front_door_is_away_connections_fail_and_who_tries_again_loses_nothing(compose: Compose) -> None:
    client = Client(compose.url)
    with Traffic(client, rate=RATE / 2) as traffic, Traffic(client, rate=RATE / 2, retrying=True) as retrying:
        time.sleep(1)
        killed = kill(compose, "nginx")
        time.sleep(1)
    report("nginx", killed, traffic)
    report("nginx, connections tried again", killed, retrying)
    first = min(visit.ended for visit in traffic.visits if visit.begun > killed.gone and not visit.failed)
    print(f"nginx: the first answer {first - killed.sent:.1f} s after the kill")
    assert [visit for visit in traffic.failed if isinstance(visit.outcome, int)] == [], "an error that Nginx made"
    assert [visit for visit in traffic.failed if visit.begun > killed.back] == []
    assert retrying.failed == []
    assert traffic.broken() + retrying.broken() == []


def is_whole(backup: Path) -> bool:
    """Whether a backup's dump is what its manifest says."""
    manifest = json.loads((backup / "manifest.json").read_text())
    return bool(hashlib.sha256((backup / "database").read_bytes()).hexdigest() == manifest["dump_sha256"])


def test_a_backup_that_is_killed_is_not_taken_for_one(compose: Compose) -> None:
    folder = compose.layout.backups
    with Traffic(Client(compose.url), rate=RATE) as traffic, ThreadPoolExecutor(1) as threads:
        backup = threads.submit(compose.run, "exec", "--no-TTY", "backup", "python3", "-m", "shoebox", "backup")
        wait_until(lambda: any(folder.glob(".unfinished-*")), patience=PATIENCE, what="a backup begins")
        before = set(folder.glob("shoebox-*"))
        killed = kill(compose, "backup")
        with pytest.raises(StackError):
            backup.result(PATIENCE)
    report("backup, at work", killed, traffic)
    assert traffic.failed == []
    # It takes one when it starts, and clears away what the killed one left.
    wait_until(lambda: set(folder.glob("shoebox-*")) > before, patience=PATIENCE, what="another one is taken")
    assert list(folder.glob(".unfinished-*")) == []
    assert all(map(is_whole, folder.glob("shoebox-*")))
