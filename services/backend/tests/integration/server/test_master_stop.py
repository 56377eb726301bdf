"""SIGTERM and SIGINT: finish, then leave."""

from __future__ import annotations

import http.client
import signal
import socket
from pathlib import Path

import pytest

from services.backend.tests.integration.server.harness import ask, eventually, is_alive, running
from services.backend.tests.waiting import wait_until


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_requests_in_flight_are_finished_and_the_exit_code_is_0(tmp_path: Path, number: signal.Signals) -> None:
    with running(tmp_path, workers=2, ports=[0, 0]) as service:
        connections = service.at_work("/linger/0.3", count=8)
        service.signal(number)
        answers = [connection.getresponse() for connection in connections]
        assert [(answer.status, answer.headers["Connection"]) for answer in answers] == [(200, "close")] * 8
        assert service.wait_exit() == 0


def test_an_idle_connection_gets_one_more_answer_and_is_told_to_close(tmp_path: Path) -> None:
    with running(tmp_path, limits={"grace": 60}, drain_limit=60) as service:
        connection = service.connect()
        assert ask(connection).headers["Connection"] == "keep-alive"
        service.signal(signal.SIGTERM)
        # Until the worker has heard of it, there may be more than one.
        wait_until(lambda: ask(connection).headers["Connection"] == "close")
        assert service.wait_exit() == 0


def test_idle_connections_do_not_keep_the_service_up(tmp_path: Path) -> None:
    with running(tmp_path, limits={"grace": 0.3}) as service:
        connections = [service.dial() for _ in range(5)]
        service.signal(signal.SIGTERM)
        assert service.wait_exit() == 0
        assert [sock.recv(1) for sock in connections] == [b""] * 5
        for sock in connections:
            sock.close()


def test_new_connections_are_refused_while_the_last_requests_are_finished(tmp_path: Path) -> None:
    with running(tmp_path) as service:
        with service.held() as (connection,):
            service.signal(signal.SIGTERM)
            assert eventually(service.refuses)
        assert connection.getresponse().read() == b"held"


def test_who_does_not_finish_in_time_is_killed(tmp_path: Path) -> None:
    with running(tmp_path, drain_limit=0.5) as service, service.held() as (connection,):
        service.signal(signal.SIGTERM)
        assert service.wait_exit() == 0
        with pytest.raises((ConnectionError, http.client.HTTPException)):
            connection.getresponse()


def test_programs_leave_one_after_the_other(tmp_path: Path) -> None:
    with running(tmp_path) as service:
        pid = service.pid_of()
        service.at_work("/linger/0.5")
        service.signal(signal.SIGTERM)
        service.wait_event("helper left")
        assert not is_alive(pid)


def test_the_port_is_free_again(tmp_path: Path) -> None:
    with running(tmp_path) as service:
        service.get()
        service.signal(signal.SIGTERM)
        service.wait_exit()
        with socket.create_server(("127.0.0.1", service.ports[0])):
            pass
