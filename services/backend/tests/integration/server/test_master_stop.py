"""SIGTERM and SIGINT: finish, then leave."""

from __future__ import annotations

import http.client
import signal
import socket
import threading
import time
from pathlib import Path

import pytest

from services.backend.tests.integration.server.harness import Answer, ask, is_alive, running


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_requests_in_flight_are_finished_and_the_exit_code_is_0(tmp_path: Path, number: signal.Signals) -> None:
    with running(tmp_path, workers=2, ports=[0, 0]) as service:
        answers: list[Answer] = []

        def work(worker: int) -> None:
            connection = service.connect(worker=worker)
            answers.append(ask(connection, "/sleep/0.8"))
            connection.close()

        clients = [threading.Thread(target=work, args=(n % 2,)) for n in range(8)]
        for client in clients:
            client.start()
        time.sleep(0.3)
        service.signal(number)
        for client in clients:
            client.join()
        assert [(answer.status, answer.headers["Connection"]) for answer in answers] == [(200, "close")] * 8
        assert service.wait_exit() == 0


def test_an_idle_connection_gets_one_more_answer_and_is_told_to_close(tmp_path: Path) -> None:
    with running(tmp_path) as service:
        connection = service.connect()
        assert ask(connection).headers["Connection"] == "keep-alive"
        service.signal(signal.SIGTERM)
        service.wait_event("stopping")
        time.sleep(0.2)
        assert ask(connection).headers["Connection"] == "close"
        connection.close()
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
        connection = service.connect()
        connection.request("GET", "/sleep/1")
        time.sleep(0.2)
        service.signal(signal.SIGTERM)
        service.wait_event("stopping")
        time.sleep(0.3)
        with pytest.raises(ConnectionRefusedError):
            service.dial()
        assert connection.getresponse().read() == b"slept"
        connection.close()


def test_who_does_not_finish_in_time_is_killed(tmp_path: Path) -> None:
    with running(tmp_path, drain_limit=0.5) as service:
        connection = service.connect()
        connection.request("GET", "/sleep/60")
        time.sleep(0.2)
        service.signal(signal.SIGTERM)
        assert service.wait_exit() == 0
        with pytest.raises((ConnectionError, http.client.HTTPException)):
            connection.getresponse()
        connection.close()


def test_programs_leave_one_after_the_other(tmp_path: Path) -> None:
    with running(tmp_path) as service:
        pid = service.pid_of()
        connection = service.connect()
        connection.request("GET", "/sleep/0.5")
        time.sleep(0.1)
        service.signal(signal.SIGTERM)
        service.wait_event("helper left")
        assert not is_alive(pid)
        connection.close()


def test_the_port_is_free_again(tmp_path: Path) -> None:
    with running(tmp_path) as service:
        service.get()
        service.signal(signal.SIGTERM)
        service.wait_exit()
        with socket.create_server(("127.0.0.1", service.ports[0])):
            pass
