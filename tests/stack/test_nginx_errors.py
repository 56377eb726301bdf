"""What Nginx has to refuse, or finds nobody for, and in whose words it says so."""

from __future__ import annotations

import json
import re
import socket

import pytest

from tests.client import Client
from tests.stack.answers import is_problem, reached_worker
from tests.stack.conftest import MAX_FILE_SIZE, Front, FrontMaker
from tests.stack.process import wait_until
from tests.stack.stub import StubWorker

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
TOO_LARGE = b"x" * (20 * MAX_FILE_SIZE + 1024 * 1024 + 1)


def parsed(response: bytes) -> tuple[int, str, bytes]:
    head, _, body = response.partition(b"\r\n\r\n")
    kind = re.search(rb"(?i)content-type: ([^\r;]+)", head)
    return int(head.split()[1]), kind[1].decode() if kind else "", body


# Errors of its own


def test_a_body_over_the_limit_is_a_problem_that_names_the_limit(front: Front) -> None:
    answer = front.client.post("/api/upload/", TOO_LARGE)
    assert is_problem(answer, 413, "file_too_large")
    assert "10240 bytes" in answer.json["detail"]


def test_twenty_files_of_the_full_size_pass(front: Front) -> None:
    assert reached_worker(front.client.post("/api/upload/", b"x" * (20 * MAX_FILE_SIZE)))


def test_a_shell_is_told_in_one_line_and_a_person_on_a_page(front: Front) -> None:
    line = front.client.post("/", TOO_LARGE)
    assert (line.status, line.type, line.text.count("\n")) == (413, "text/plain", 1)
    page = front.client.request("POST", "/upload/", body=TOO_LARGE, headers=BROWSER)
    assert (page.status, page.type) == (413, "text/html")
    assert 'role="alert"' in page.text
    assert "$" not in page.text


@pytest.mark.parametrize(
    ("request_bytes", "status", "code"),
    [
        (b"no http at all\r\n\r\n", 400, "bad_request"),
        (b"GET / HTTP/1.1\r\n\r\n", 400, "bad_request"),
        (b"GET /%00 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 400, "bad_request"),
        (
            b"POST /api/upload/ HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
            400,
            "bad_request",
        ),
        (b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 414, "uri_too_long"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 9000 + b"\r\n\r\n", 431, "headers_too_large"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n", 501, "not_implemented"),
        (b"GET / HTTP/3.0\r\nHost: x\r\n\r\n", 505, "version_not_supported"),
    ],
    ids=lambda value: value[:30] if isinstance(value, bytes) else str(value),
)
def test_what_is_not_http_gets_a_problem(front: Front, request_bytes: bytes, status: int, code: str) -> None:
    answered, kind, body = parsed(front.client.raw(request_bytes))
    assert (answered, kind, json.loads(body)["code"]) == (status, "application/problem+json", code)


def test_a_body_that_cannot_be_kept_says_that_the_disk_is_full(make_front: FrontMaker) -> None:
    front = make_front()
    kept = front.nginx.render().parent / "body"
    kept.rename(kept.with_name("moved"))
    answer = front.client.post("/api/upload/", b"x" * 1_000_000)
    assert is_problem(answer, 507, "insufficient_storage")


# Workers that are away


def test_a_worker_that_refuses_is_passed_over_and_none_is_a_problem(make_front: FrontMaker) -> None:
    front = make_front()
    second = StubWorker(front.first_worker + 1)
    assert {front.client.get("/health").json["worker"] for _ in range(10)} == {front.first_worker + 1}
    assert reached_worker(front.client.post("/api/upload/", b"x"))
    second.close()
    answer = front.client.get("/api/images/", {"Connection": "close"})
    assert is_problem(answer, 502, "unavailable")
    assert int(answer.headers["Retry-After"]) > 0


def test_a_client_with_too_many_requests_at_once_is_told_to_wait(make_front: FrontMaker) -> None:
    front = make_front(MAX_CONNECTIONS_PER_CLIENT="1")
    worker = StubWorker(front.first_worker)
    slow = Client(front.nginx.url)
    with socket.create_connection((slow.host, slow.port)) as connection:
        connection.sendall(b"POST /api/upload/ HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf")
        wait_until(lambda: front.client.get("/health").status != 200, patience=60, what="the slow one is counted")
        answer = front.client.get("/health")
    worker.close()
    assert is_problem(answer, 429, "rate_limited")
