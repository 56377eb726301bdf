"""The whole stack as it stands."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.client import Client
from tests.stack.process import descendants
from tests.stack.stack import Stack

PATIENCE = 10.0  # seconds


def until(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def access_lines(stack: Stack) -> Iterator[dict[str, str]]:
    for line in stack.nginx.access_log.read_text().splitlines():
        yield json.loads(line)


def test_a_request_has_one_id_in_the_answer_and_in_both_logs(stack: Stack) -> None:
    request_id = Client(stack.url).list().request_id
    assert until(lambda: request_id in stack.app_log.read_text())
    assert until(lambda: any(line["request_id"] == request_id for line in access_lines(stack)))


def test_every_worker_gets_its_share(stack: Stack) -> None:
    with Client(stack.url).keep_alive() as client:
        for _ in range(20 * stack.worker_count):
            client.list()
    wanted = {f"127.0.0.1:{stack.start_port + i}" for i in range(stack.worker_count)}
    assert until(lambda: wanted <= {line["worker"] for line in access_lines(stack)})


def test_a_killed_worker_is_replaced_and_nobody_notices(stack: Stack) -> None:
    client = Client(stack.url)
    killed = stack.kill_worker(1)
    statuses = {client.list().status for _ in range(20)}
    assert statuses == {200}
    assert until(lambda: stack.worker_pid(1) != killed)


def test_the_workers_answer_on_the_loopback_address_only(stack: Stack) -> None:
    table = Path("/proc/net/tcp").read_text()
    for port in (stack.start_port, stack.nginx.port, stack.postgres.login.port, stack.pgbouncer.login.port):
        addresses = re.findall(rf"^ *\d+: ([0-9A-F]{{8}}):{port:04X} 00000000:0000 0A", table, re.MULTILINE)
        assert set(addresses) == {"0100007F"}


def test_nothing_of_it_runs_as_root(stack: Stack) -> None:
    leaders = [service.process.pid for service in stack.services.values()]
    everyone = {pid for leader in leaders for pid in (leader, *descendants(leader))}
    assert len(everyone) > len(leaders) + stack.worker_count
    assert 0 not in {folder.stat().st_uid for pid in everyone if (folder := Path(f"/proc/{pid}")).exists()}


def test_its_secrets_are_their_owners_alone(stack: Stack) -> None:
    work = stack.layout.work
    for path in (work / "secrets.json", work / "pgbouncer" / "userlist.txt", work / "pgbouncer" / "pgbouncer.ini"):
        assert path.stat().st_mode & 0o077 == 0
    words = set(json.loads((work / "secrets.json").read_text()).values())
    logs = "".join(path.read_text() for path in stack.layout.logs.rglob("*.log"))
    assert not [word for word in words if word in logs]
