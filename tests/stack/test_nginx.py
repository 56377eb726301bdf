"""What Nginx answers itself and what it lets through to the workers."""

from __future__ import annotations

import json
import re
import socket
import time
from pathlib import Path
from typing import Any

import pytest

from shoebox.domain.names import RESERVED
from shoebox.web.origins import EXPOSED
from shoebox.web.static import PAGE
from tests.client import Answer, Client
from tests.stack.checkout import CHECKOUT
from tests.stack.conftest import MAX_FILE_SIZE, Front, FrontMaker
from tests.stack.process import wait_until
from tests.stack.stub import StubWorker

KEY = "k3J9xQ2mVb7c.jpg"
BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
TOO_LARGE = b"x" * (20 * MAX_FILE_SIZE + 1024 * 1024 + 1)


def put_picture(front: Front, key: str, data: bytes, folder: str = "images") -> Path:
    path = front.images / folder / key[:2] / key
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def reached_worker(answer: Answer) -> bool:
    return answer.status == 200 and answer.type == "application/json" and "worker" in answer.json


def is_problem(answer: Answer, status: int, code: str) -> bool:
    wanted = (status, "application/problem+json", status, code)
    return (answer.status, answer.type, answer.json["status"], answer.json["code"]) == wanted


def parsed(response: bytes) -> tuple[int, str, bytes]:
    head, _, body = response.partition(b"\r\n\r\n")
    kind = re.search(rb"(?i)content-type: ([^\r;]+)", head)
    return int(head.split()[1]), kind[1].decode() if kind else "", body


# Pages


@pytest.mark.parametrize("path", ["/", "/upload/", "/images/", "/images/?page=2", "/Holiday_2026-x"])
def test_pages_come_from_nginx_with_the_headers_the_workers_send(front: Front, path: str) -> None:
    answer = front.client.get(path)
    assert answer.text.startswith("<!doctype html>")
    for line in PAGE.decode().strip().split("\r\n"):
        name, _, value = line.partition(": ")
        assert answer.headers[name] == value
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("word", sorted(RESERVED))
def test_a_reserved_word_is_no_collection(front: Front, word: str) -> None:
    assert reached_worker(front.client.get(f"/{word}"))


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/"),
        ("POST", "/upload"),
        ("POST", "/upload/"),
        ("POST", "/Holiday"),
        ("DELETE", "/images/"),
        ("PUT", "/static/css/base.css"),
        ("GET", "/upload"),
        ("GET", "/images"),
        ("GET", "/images/?view=plain"),
        ("GET", "/health"),
        ("GET", "/docs/"),
        ("GET", "/tools/shoebox.sh"),
        ("GET", "/api/openapi.json"),
        ("GET", "/index.html"),
        ("GET", "/upload.html?tab=images"),
        ("GET", "/images-list?page=2"),
        ("GET", "/images/old_name-1.JPEG"),
        ("POST", "/upload/Holiday"),
        ("DELETE", "/delete/12"),
        ("POST", "/3/image"),
        ("DELETE", "/3/image/k3J9xQ2mVb7c.jpg"),
        ("GET", "/static/nothing.css"),
        ("GET", "/static/../index.html"),
        ("GET", "/static/%2e%2e/index.html"),
        ("GET", "/static/css/.hidden"),
        ("GET", "/templates/layout.html"),
    ],
)
def test_everything_else_is_the_workers_to_answer(front: Front, method: str, path: str) -> None:
    answer = front.client.request(method, path)
    assert reached_worker(answer)
    assert answer.json["path"] == path


def test_static_files_are_compressed_and_asked_about_again(front: Front) -> None:
    answer = front.client.get("/static/css/base.css", {"Accept-Encoding": "gzip"})
    assert answer.headers["Content-Encoding"] == "gzip"
    assert answer.headers["Cache-Control"] == "no-cache"
    again = front.client.get("/static/css/base.css", {"If-None-Match": answer.headers["ETag"]})
    assert again.status == 304


# Pictures


def test_a_picture_comes_from_nginx_safe_and_cacheable_for_ever(front: Front) -> None:
    put_picture(front, KEY, b"bytes of a picture")
    answer = front.client.get(f"/images/{KEY}")
    assert answer.body == b"bytes of a picture"
    assert answer.headers["Content-Type"] == "image/jpeg"
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert front.client.get(f"/images/{KEY}", {"If-None-Match": answer.headers["ETag"]}).status == 304
    assert front.client.get(f"/images/{KEY}", {"Range": "bytes=0-4"}).body == b"bytes"


def test_a_thumbnail_is_webp_whatever_the_picture_is(front: Front) -> None:
    put_picture(front, KEY, b"a thumbnail", folder="thumbs/320")
    answer = front.client.get(f"/thumbs/320/{KEY}")
    assert (answer.body, answer.headers["Content-Type"]) == (b"a thumbnail", "image/webp")


def test_a_deleted_picture_is_gone_at_once(front: Front) -> None:
    path = put_picture(front, "goneSoon1234.png", b"now")
    with front.client.keep_alive() as client:
        for _ in range(100):
            assert client.get("/images/goneSoon1234.png").body == b"now"
        path.unlink()
        assert reached_worker(client.get("/images/goneSoon1234.png"))


@pytest.mark.parametrize(
    "path",
    [
        f"/images/{KEY}?download=1",
        "/images/notThere1234.jpg",
        "/images/nt/notThere.jpg",
        "/images/..%2fsecret.jpg",
        f"/images/{KEY}.svg",
        "/images/page.html",
        f"/thumbs/321/{KEY}",
        f"/thumbs/640/{KEY}",
    ],
)
def test_what_is_no_file_of_ours_is_the_workers_to_answer(front: Front, path: str) -> None:
    put_picture(front, KEY, b"bytes of a picture")
    assert reached_worker(front.client.get(path))


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_only_reading_a_picture_is_answered_by_nginx(front: Front, method: str) -> None:
    put_picture(front, KEY, b"bytes of a picture")
    answer = front.client.request(method, f"/images/{KEY}", body=b"a body")
    assert reached_worker(answer)
    assert (answer.json["method"], answer.json["size"]) == (method, 6)


def test_a_range_outside_the_picture_is_a_problem(front: Front) -> None:
    put_picture(front, KEY, b"bytes of a picture")
    answer = front.client.get(f"/images/{KEY}", {"Range": "bytes=100-"})
    assert is_problem(answer, 416, "range_not_satisfiable")
    assert answer.headers["Content-Range"] == "bytes */18"


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
    answered, kind, body = parsed(front.client.raw(request_bytes, timeout=5))
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
        deadline = time.monotonic() + 5
        while (answer := front.client.get("/health")).status == 200 and time.monotonic() < deadline:
            time.sleep(0.02)
    worker.close()
    assert is_problem(answer, 429, "rate_limited")


# Who asks


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
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        for line in front.nginx.access_log.read_text(errors="replace").splitlines():
            entry: dict[str, Any] = json.loads(line)
            if entry["request_id"] == request_id:
                return entry
        time.sleep(0.05)
    raise AssertionError(f"{request_id} was not logged")


def test_the_pictures_folder_and_the_pages_are_all_that_is_served() -> None:
    template = (CHECKOUT / "services" / "nginx" / "nginx.conf.template").read_text()
    assert re.findall(r'root "([^"]+)"', template) == ["@FRONTEND_DIR@"]
    assert re.findall(r'alias "([^"]+)"', template) == [
        "@IMAGES_DIR@$unless_file/images/$shard/$key",
        "@IMAGES_DIR@$unless_file/thumbs/$width/$shard/$key",
    ]
    assert "autoindex" not in template
    assert "open_file_cache " not in template


def test_bytes_that_are_no_text_leave_the_log_readable(front: Front) -> None:
    front.client.raw(b"GET /\xff\xfe HTTP/1.1\r\nHost: x\r\nUser-Agent: \xc3\x28\r\nConnection: close\r\n\r\n")
    log = front.nginx.access_log
    wait_until(lambda: b"(not ASCII)" in log.read_bytes(), patience=5, what="the request is logged")
    assert all(json.loads(line) for line in log.read_text(encoding="ascii").splitlines())
