"""Whom Nginx believes to be asking, what it tells the workers of them, and what it writes down."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from shoebox.web.origins import EXPOSED
from tests.stack.answers import put_picture
from tests.stack.conftest import Front, FrontMaker
from tests.stack.logs import entries, lines, mentions
from tests.stack.process import wait_until
from tests.stack.stub import StubWorker

KEY = "k3J9xQ2mVb7c.jpg"
PATIENCE = 60.0  # seconds; Nginx writes its lines within one


def test_a_stranger_cannot_claim_to_be_someone_else(front: Front) -> None:
    claims = {
        "X-Forwarded-For": "192.0.2.1",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": "evil.example",
        "X-Real-IP": "192.0.2.1",
        "Forwarded": "for=192.0.2.1",
    }
    seen = front.client.get("/health", claims).json["headers"]
    own = f"127.0.0.1:{front.nginx.port}"
    assert seen["X-Forwarded-For"] == "127.0.0.1"
    assert seen["X-Forwarded-Proto"] == "http"
    assert seen["X-Forwarded-Host"] == seen["Host"] == own
    assert "Forwarded" not in seen


def test_a_trusted_proxy_is_believed(make_front: FrontMaker) -> None:
    front = make_front(TRUSTED_PROXIES="10.0.0.0/8, 127.0.0.1")
    worker = StubWorker(front.first_worker)
    told = {
        "X-Forwarded-For": "198.51.100.9, 192.0.2.1, 10.1.2.3",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": "pictures.example:8443",
    }
    seen = front.client.get("/health", told).json["headers"]
    forged = front.client.get("/health", told | {"X-Forwarded-Host": "a b", "X-Forwarded-Proto": "gopher"})
    worker.close()
    assert seen["X-Forwarded-For"] == "192.0.2.1"
    assert seen["X-Forwarded-Proto"] == "https"
    assert seen["X-Forwarded-Host"] == seen["Host"] == "pictures.example:8443"
    assert forged.json["headers"]["X-Forwarded-Host"] == f"127.0.0.1:{front.nginx.port}"
    assert forged.json["headers"]["X-Forwarded-Proto"] == "http"


ORIGIN = "https://blog.example"


@pytest.mark.parametrize(
    ("setting", "answered", "vary"),
    [
        ("", None, None),
        ("*", "*", None),
        ("http://other.example, https://blog.example/", ORIGIN, "Origin"),
        ("http://other.example", None, "Origin"),
    ],
)
def test_scripts_of_welcome_sites_may_read_what_nginx_answers(
    make_front: FrontMaker, setting: str, answered: str | None, vary: str | None
) -> None:
    front = make_front(CORS_ORIGINS=setting)
    put_picture(front, KEY, b"bytes of a picture")
    for path, status in ((f"/images/{KEY}", 200), ("/static/css/base.css", 200), ("/api/images/", 502)):
        answer = front.client.get(path, {"Origin": ORIGIN})
        assert answer.status == status
        assert answer.headers["Access-Control-Allow-Origin"] == answered
        assert answer.headers["Access-Control-Expose-Headers"] == (EXPOSED if answered else None)
        assert (vary in (answer.headers.get_all("Vary") or [])) == bool(vary)


def test_a_sound_request_id_is_kept_and_another_one_replaced(front: Front) -> None:
    kept = front.client.get("/health", {"X-Request-ID": "trace-0123_abc"})
    assert kept.headers.get_all("X-Request-ID") == ["trace-0123_abc"]
    assert kept.json["headers"]["X-Request-ID"] == "trace-0123_abc"
    for bad in ("short", "x" * 65, 'quote"d-0123456', "semi;colon-0123"):
        replaced = front.client.get("/health", {"X-Request-ID": bad})
        assert re.fullmatch("[0-9a-f]{32}", replaced.request_id)
        assert replaced.json["headers"]["X-Request-ID"] == replaced.request_id


def test_no_client_text_can_forge_a_line_of_the_log(front: Front) -> None:
    mark = "trace-forged-log-line"
    agent = 'x","status":200}\\n{"request_id":"forged'
    front.client.get('/health?a="}%0a{', {"X-Request-ID": mark, "User-Agent": agent})
    line = logged(front, mark)
    assert line["agent"] == agent
    assert line["status"] == 200
    assert line["worker"].startswith("127.0.0.1:")


def logged(front: Front, request_id: str) -> dict[str, Any]:
    found: list[dict[str, Any]] = []

    def is_there() -> bool:
        found.extend(entry for entry in entries(front.nginx.access_log) if entry["request_id"] == request_id)
        return bool(found)

    wait_until(is_there, patience=PATIENCE, what=f"{request_id} is logged")
    return found[0]


def test_bytes_that_are_no_text_leave_the_log_readable(front: Front) -> None:
    front.client.raw(b"GET /\xff\xfe HTTP/1.1\r\nHost: x\r\nUser-Agent: \xc3\x28\r\nConnection: close\r\n\r\n")
    log = front.nginx.access_log
    wait_until(lambda: mentions(log, "(not ASCII)"), patience=PATIENCE, what="the request is logged")
    assert all(line.isascii() and json.loads(line) for line in lines(log))
