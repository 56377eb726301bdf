"""One worker and clients of every temper."""

from __future__ import annotations

import http.client
import json
import socket
from contextlib import suppress
from pathlib import Path

import pytest

from services.backend.tests.integration.server.harness import Answer, ask, eventually, running
from services.backend.tests.waiting import trickle

REQUEST = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


def read_answer(sock: socket.socket) -> Answer:
    response = http.client.HTTPResponse(sock)
    response.begin()
    return Answer(status=response.status, text=response.read().decode(), headers=dict(response.getheaders()))


def test_a_connection_serves_many_requests(tmp_path: Path) -> None:
    with running(tmp_path) as service, service.dial() as sock:
        for _ in range(100):
            sock.sendall(REQUEST)
            assert read_answer(sock).status == 200


def test_pipelined_requests_are_answered_in_order(tmp_path: Path) -> None:
    with running(tmp_path) as service, service.dial() as sock:
        sock.sendall(b"GET /word HTTP/1.1\r\n\r\nGET /sleep/0 HTTP/1.1\r\n\r\nGET /word HTTP/1.1\r\n\r\n")
        received = b""
        while received.count(b"HTTP/1.1 200") < 3 or not received.endswith(b"first"):
            received += sock.recv(65536)
        assert [part.split(b"\r\n\r\n")[1] for part in received.split(b"HTTP/1.1 200")[1:]] == [
            b"first",
            b"slept",
            b"first",
        ]


def test_idle_connections_hold_no_thread(tmp_path: Path) -> None:
    with running(tmp_path, limits={"threads": 2}) as service:
        idle = [service.connect() for _ in range(50)]
        assert [ask(connection).status for connection in idle] == [200] * 50
        assert service.get().status == 200
        assert [ask(connection).status for connection in idle] == [200] * 50
        for connection in idle:
            connection.close()


def test_slow_heads_hold_no_thread(tmp_path: Path) -> None:
    with running(tmp_path, limits={"threads": 2}) as service:
        slow = [service.dial() for _ in range(50)]
        for byte in REQUEST[:10]:
            for sock in slow:
                sock.sendall(bytes([byte]))
            assert service.get().status == 200
        for sock in slow:
            sock.sendall(REQUEST[10:])
        assert [read_answer(sock).status for sock in slow] == [200] * 50
        for sock in slow:
            sock.close()


def test_a_head_that_never_ends_is_408(tmp_path: Path) -> None:
    with running(tmp_path, limits={"head": 0.5}) as service, service.dial() as sock:
        sock.sendall(REQUEST[:5])
        answer = read_answer(sock)
        assert (answer.status, answer.json["code"]) == (408, "request_timeout")
        assert sock.recv(1) == b""


def test_one_byte_at_a_time_does_not_prolong_the_time_for_a_head(tmp_path: Path) -> None:
    with running(tmp_path, limits={"head": 0.5}) as service, service.dial() as sock:
        assert trickle(sock).startswith(b"HTTP/1.1 408 ")


def test_a_connection_that_stays_idle_is_closed_without_a_word(tmp_path: Path) -> None:
    with running(tmp_path, limits={"idle": 0.5}) as service, service.dial() as sock:
        sock.sendall(REQUEST)
        assert read_answer(sock).status == 200
        assert sock.recv(1) == b""


def test_what_cannot_become_a_head_is_given_to_the_handler_at_once(tmp_path: Path) -> None:
    with running(tmp_path, limits={"head": 60}) as service, service.dial() as sock:
        sock.sendall(b"\x16\x03\x01 hello")
        assert sock.recv(1) == b""


def test_with_no_free_thread_the_answer_is_503_with_retry_after(tmp_path: Path) -> None:
    with running(tmp_path, limits={"threads": 1, "wait": 0.2}) as service:
        with service.held() as (busy,):
            answer = service.get()
        assert answer.status == 503
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert int(answer.headers["Retry-After"]) >= 1
        assert answer.headers["Connection"] == "close"
        assert (answer.json["status"], answer.json["code"]) == (503, "unavailable")
        assert busy.getresponse().status == 200
        assert eventually(lambda: service.get().status == 200)


def test_a_short_wait_for_a_thread_is_no_503(tmp_path: Path) -> None:
    with running(tmp_path, limits={"threads": 1}) as service:
        with service.held():
            waiting = [service.connect() for _ in range(10)]
            for connection in waiting:
                connection.request("GET", "/")
            assert eventually(lambda: [event["count"] for event in service.events("waiting")][-1:] == [10])
        assert [connection.getresponse().status for connection in waiting] == [200] * 10


def test_who_steps_aside_to_wait_keeps_nobody_from_a_thread(tmp_path: Path) -> None:
    with running(tmp_path, limits={"threads": 2, "wait": 1}) as service:
        with service.held(20, how="hold-aside") as waiting:
            assert [service.get().status for _ in range(20)] == [200] * 20
        assert [connection.getresponse().status for connection in waiting] == [200] * 20
        with service.held(2):
            assert service.get().status == 503, "there are as many places as before"


def test_so_many_may_step_aside_and_no_more(tmp_path: Path) -> None:
    with running(tmp_path, limits={"threads": 2, "aside": 3}) as service:
        with service.held(3, how="hold-aside") as waiting:
            assert service.get("/hold-aside/over").text == "too many"
        assert [connection.getresponse().read() for connection in waiting] == [b"held"] * 3
        (tmp_path / "over").touch()
        # A place is free a moment after its answer was sent.
        assert eventually(lambda: service.get("/hold-aside/over").text == "held")


def test_a_503_arrives_although_a_large_body_is_still_coming(tmp_path: Path) -> None:
    with (
        running(tmp_path, limits={"threads": 1, "wait": 0.2}) as service,
        service.held(),
        service.dial() as sock,
    ):
        with suppress(ConnectionError):  # it does not read for ever what nobody wants
            sock.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 8000000\r\n\r\n")
            sock.sendall(bytes(8_000_000))
        assert read_answer(sock).status == 503


def test_connections_beyond_the_limit_get_503(tmp_path: Path) -> None:
    with running(tmp_path, limits={"connections": 5}) as service:
        kept = [service.connect() for _ in range(5)]
        assert [ask(connection).status for connection in kept] == [200] * 5
        assert service.get().status == 503
        kept[0].close()
        assert eventually(lambda: service.get().status == 200)
        for connection in kept:
            connection.close()


def test_a_request_that_raises_costs_its_connection_only(tmp_path: Path) -> None:
    with running(tmp_path, limits={"threads": 1}) as service:
        pid = service.pid_of()
        for _ in range(3):
            with pytest.raises((ConnectionError, http.client.HTTPException)):
                service.get("/fail")
        assert service.pid_of() == pid
        assert "as asked" in service.wait_event("connection failed", count=3)[0]["error"]


def test_a_worker_that_lost_a_thread_is_replaced(tmp_path: Path) -> None:
    with running(tmp_path, limits={"threads": 4}) as service:
        pid = service.pid_of()
        with pytest.raises((ConnectionError, http.client.HTTPException)):
            service.get("/exit")
        assert eventually(lambda: service.pid_of() != pid)


def test_a_worker_may_open_more_files_than_connections(tmp_path: Path) -> None:
    with running(tmp_path) as service:
        assert int(service.get("/descriptors").text) >= 4096


def test_a_worker_without_descriptors_recovers_when_clients_leave(tmp_path: Path) -> None:
    with running(tmp_path, descriptors="-n 60", limits={"threads": 2}) as service:
        socks = [service.dial() for _ in range(100)]
        service.wait_event("connection not accepted")
        for sock in socks:
            sock.close()
        assert service.get().status == 200


def test_a_client_that_goes_away_is_no_error(tmp_path: Path) -> None:
    with running(tmp_path) as service:
        for _ in range(5):
            sock = service.dial()
            sock.sendall(b"GET /sleep/0.2 HTTP/1.1\r\n\r\n" * 3)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            sock.close()
        assert eventually(lambda: service.get().json["connections"] == 1)
        names = {event["event"] for event in service.events()}
        assert names == {"process ready"}
        assert "Traceback" not in (tmp_path / "events.jsonl").read_text()


def test_many_fresh_connections_at_once_are_all_answered(tmp_path: Path) -> None:
    with running(tmp_path) as service:
        socks = [service.dial() for _ in range(300)]
        for sock in socks:
            sock.sendall(REQUEST)
        assert [read_answer(sock).status for sock in socks] == [200] * 300
        for sock in socks:
            sock.close()


def test_a_rate_limit_holds_over_all_workers(tmp_path: Path) -> None:
    # So few that the next is allowed after 20 seconds only.
    with running(tmp_path, workers=3, ports=[0, 0, 0], rate=3) as service:
        waits = [json.loads(service.get("/wait-for/203.0.113.9", worker=n % 3).text) for n in range(9)]
        assert waits[:3] == [0.0] * 3
        assert all(0 < wait <= 20 for wait in waits[3:])
        assert service.get("/wait-for/203.0.113.10").text == "0.0"
