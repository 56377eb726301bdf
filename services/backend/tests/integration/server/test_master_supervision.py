"""Processes are there, and when they are not, others come."""

from __future__ import annotations

import itertools
import os
import signal
import socket
import time
from pathlib import Path

from services.backend.tests.integration.server.harness import Load, Service, eventually, freeze, is_alive, running
from services.backend.tests.waiting import A_MOMENT
from shoebox.server.children import FIRST_DELAY, FREE_DEATHS

PAUSES = [FIRST_DELAY * 2**n for n in range(4)]


def test_each_worker_answers_on_its_own_port(tmp_path: Path) -> None:
    with running(tmp_path, workers=3, ports=[0, 0, 0]) as service:
        assert [service.get(worker=n).json["index"] for n in range(3)] == [0, 1, 2]


def test_workers_share_one_port(tmp_path: Path) -> None:
    with running(tmp_path, workers=2, ports=[0]) as service, Load(service, keeping=0, fresh=4):
        assert eventually(lambda: {service.get().json["index"] for _ in range(20)} == {0, 1})


def test_a_killed_worker_is_replaced_within_a_second(tmp_path: Path) -> None:
    waits = []
    with running(tmp_path, workers=2, ports=[0, 0]) as service:
        for _ in range(FREE_DEATHS):
            pid = service.pid_of(0)
            os.kill(pid, signal.SIGKILL)
            killed = time.monotonic()
            # The kernel keeps the connection for the replacement: no second try, no refusal.
            successor = service.get(worker=0).json["pid"]
            waits.append(time.monotonic() - killed)
            assert successor != pid
    assert min(waits) < 1  # a machine that pauses does so once in a while, a master that dawdles always


def test_requests_to_other_workers_do_not_notice_a_death(tmp_path: Path) -> None:
    with running(tmp_path, workers=2, ports=[0, 0]) as service:
        with Load(service, keeping=3, fresh=2, workers=[1]) as load:
            for death in range(5):
                os.kill(service.pid_of(0), signal.SIGKILL)
                service.wait_event("process died", count=death + 1)
        assert load.failures == []
        assert load.answered > 0


def test_a_frozen_worker_is_killed_and_replaced(tmp_path: Path) -> None:
    with running(tmp_path, freeze_limit=2.0) as service:
        pid = service.pid_of()
        freeze(pid)
        assert service.get().json["pid"] != pid
        assert not is_alive(pid)
        assert service.events("process killed")[0]["reason"] == "frozen"


def test_a_worker_that_sleeps_in_its_requests_is_not_frozen(tmp_path: Path) -> None:
    with running(tmp_path, freeze_limit=2.0, limits={"threads": 1}) as service:
        assert service.get("/sleep/3").text == "slept"
        assert service.events("process killed") == []


def test_a_worker_that_cannot_boot_is_the_exit_code(tmp_path: Path) -> None:
    service = Service(tmp_path, workers=2, ports=[0, 0], boot_code=42)
    try:
        assert service.wait_exit() == 42
        assert len(service.events("process died")) <= 2
    finally:
        service.stop()


def test_an_address_in_use_is_one_line_and_an_exit_code(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        service = Service(tmp_path, ports=[port])
        try:
            assert service.wait_exit() == 71
            text = (tmp_path / "events.jsonl").read_text()
            assert text == f"cannot listen on 127.0.0.1:{port}: Address already in use\n"
        finally:
            service.stop()


def test_a_process_that_dies_again_and_again_is_forked_less_and_less_often(tmp_path: Path) -> None:
    with running(tmp_path, die_after=0.01) as service:
        # One that lived for a second, on a slow machine, sets them back to the beginning.
        assert eventually(lambda: grow(pauses(service)))


def pauses(service: Service) -> list[float]:
    """The seconds between each death and the next fork."""
    deaths = service.events("process died")
    return [later["at"] - later["seconds"] - earlier["at"] for earlier, later in itertools.pairwise(deaths)]


def grow(found: list[float]) -> bool:
    """Whether there are some in a row that are as long as those after the first free deaths, or longer."""
    runs = (found[start : start + len(PAUSES)] for start in range(len(found) - len(PAUSES) + 1))
    return any(all(long > least - A_MOMENT for long, least in zip(run, PAUSES, strict=True)) for run in runs)


def test_children_die_with_a_master_that_is_killed(tmp_path: Path) -> None:
    with running(tmp_path, workers=2, ports=[0, 0]) as service:
        pids = [event["pid"] for event in service.events("process ready")]
        service.signal(signal.SIGKILL)
        service.wait_exit()
        assert eventually(lambda: not any(is_alive(pid) for pid in pids))
        assert len(pids) == 3


def test_reopening_logs_is_passed_on_to_every_worker(tmp_path: Path) -> None:
    with running(tmp_path, workers=2, ports=[0, 0]) as service:
        service.signal(signal.SIGUSR1)
        assert {event["index"] for event in service.wait_event("reopened", count=2)} == {0, 1}


def test_a_periodic_program_runs_again_and_again(tmp_path: Path) -> None:
    with running(tmp_path, every=0.2) as service:
        service.wait_event("swept", count=3)


def test_a_worker_told_to_leave_by_hand_finishes_and_is_replaced(tmp_path: Path) -> None:
    with running(tmp_path) as service:
        pid = service.pid_of()
        (connection,) = service.at_work("/linger/0")
        os.kill(pid, signal.SIGTERM)
        assert connection.getresponse().read() == b"held"
        assert eventually(lambda: service.pid_of() != pid)
