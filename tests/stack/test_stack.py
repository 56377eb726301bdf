"""The whole stack as it stands."""

from __future__ import annotations

import json
import re
from pathlib import Path

from tests.client import Client
from tests.stack.logs import entries, lines, mentions
from tests.stack.process import descendants, wait_until
from tests.stack.stack import Stack

PATIENCE = 60.0  # seconds; far more than anything here takes


def test_a_request_has_one_id_in_the_answer_and_in_both_logs(stack: Stack) -> None:
    request_id = Client(stack.url).get("/health").request_id  # a list may be answered without a worker
    wait_until(lambda: mentions(stack.app_log, request_id), patience=PATIENCE, what="a worker's line")
    wait_until(
        lambda: any(line["request_id"] == request_id for line in entries(stack.nginx.access_log)),
        patience=PATIENCE,
        what="Nginx's line",
    )


def test_every_worker_gets_its_share(stack: Stack) -> None:
    for index in range(stack.worker_count):
        stack.worker_pid(index)  # is there, though another test may have killed the one before
    with Client(stack.url).keep_alive() as client:
        ids = {client.get("/health").request_id for _ in range(20 * stack.worker_count)}
    wanted = {f"127.0.0.1:{stack.start_port + i}" for i in range(stack.worker_count)}
    wait_until(
        lambda: wanted <= {line["worker"] for line in entries(stack.nginx.access_log) if line["request_id"] in ids},
        patience=PATIENCE,
        what="every worker was asked",
    )


def test_a_killed_worker_is_replaced_and_nobody_notices(stack: Stack) -> None:
    client = Client(stack.url)
    killed = stack.kill_worker(1)
    statuses = {client.list().status for _ in range(20)}
    assert statuses == {200}
    wait_until(lambda: stack.worker_pid(1) != killed, patience=PATIENCE, what="there is another one")


def test_the_workers_answer_on_the_loopback_address_only(stack: Stack) -> None:
    ports = (stack.start_port, stack.nginx.port, stack.postgres.login.port, stack.pgbouncer.login.port)
    wait_until(lambda: all(map(listening, ports)), patience=PATIENCE, what="all are listened on")
    assert {address for port in ports for address in listening(port)} == {"0100007F"}


def listening(port: int) -> set[str]:
    """The addresses of who listens on a port now, as the kernel writes them."""
    table = Path("/proc/net/tcp").read_text()
    return set(re.findall(rf"^ *\d+: ([0-9A-F]{{8}}):{port:04X} 00000000:0000 0A", table, re.MULTILINE))


def test_nothing_of_it_runs_as_root(stack: Stack) -> None:
    leaders = [service.process.pid for service in stack.services.values()]
    everyone = {pid for leader in leaders for pid in (leader, *descendants(leader))}
    assert len(everyone) > len(leaders) + stack.worker_count
    assert 0 not in {user_of(pid) for pid in everyone}


def user_of(pid: int) -> int | None:
    """Whom a process runs as; None when it has ended."""
    try:
        return Path(f"/proc/{pid}").stat().st_uid
    except FileNotFoundError:
        return None


def test_its_secrets_are_their_owners_alone(stack: Stack) -> None:
    work = stack.layout.work
    for path in (work / "secrets.json", work / "pgbouncer" / "userlist.txt", work / "pgbouncer" / "pgbouncer.ini"):
        assert path.stat().st_mode & 0o077 == 0
    words = set(json.loads((work / "secrets.json").read_text()).values())
    logs = "".join(line for path in stack.layout.logs.rglob("*.log") for line in lines(path))
    assert not [word for word in words if word in logs]
