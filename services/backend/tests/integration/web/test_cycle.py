"""The request cycle: connections, logs, limits."""

from __future__ import annotations

import logging
import socket
from dataclasses import replace
from pathlib import Path

import pytest

from services.backend.tests.fakes.application import World
from services.backend.tests.fakes.codec import picture
from services.backend.tests.integration.web.toy_worker import ToyWorker, serving
from services.backend.tests.waiting import trickle, wait_until
from shoebox.domain.listing import ListQuery
from shoebox.web.access_log import Entry
from shoebox.web.handler import make_handler
from shoebox.web.pages import Pages
from shoebox.web.request import current_request_id
from shoebox.web.settings import WebSettings
from tests.client import Client

REQUEST = b"GET /api/limits HTTP/1.1\r\nHost: shoebox\r\n\r\n"


class CountingSocket(socket.socket):
    """Notes how often it was written to."""

    sends = 0

    def send(self, *arguments: object) -> int:
        self.sends += 1
        return super().send(*arguments)


class Server:
    """What a connection knows of its worker."""

    draining = False
    crowded = False


def test_an_answer_is_sent_in_one_piece(world: World, settings: WebSettings) -> None:
    ours, theirs = socket.socketpair()
    with ours, CountingSocket(fileno=theirs.detach()) as counting:
        connection = make_handler(world.application(), settings)(counting, ("192.0.2.1", 1), Server())
        ours.sendall(REQUEST)
        assert connection.handle_request()
        assert counting.sends == 1


def test_constructing_reads_nothing(world: World, settings: WebSettings) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.sendall(REQUEST + REQUEST)
        connection = make_handler(world.application(), settings)(theirs, ("192.0.2.1", 1), Server())
        assert not connection.has_buffered()
        assert connection.handle_request()
        assert connection.has_buffered()


def test_a_draining_worker_says_that_it_closes(worker: ToyWorker, client: Client) -> None:
    with client.keep_alive() as kept:
        assert "Connection" not in kept.get("/api/limits").headers
        worker.draining = True
        assert kept.get("/api/limits").headers["Connection"] == "close"


def test_each_answer_is_logged_once(client: Client, entries: list[Entry]) -> None:
    answer = client.upload("a.png", picture())
    client.get("/nothing/here")
    client.raw(b"nonsense\r\n\r\n")
    wait_until(lambda: len(entries) == 3)
    lines = {(entry.method, entry.target, entry.status): entry for entry in entries}
    assert lines.keys() == {("POST", "/api/upload/", 201), ("GET", "/nothing/here", 404), ("-", "-", 400)}
    upload = lines["POST", "/api/upload/", 201]
    assert (upload.request_id, upload.client, upload.sent) == (answer.request_id, "127.0.0.1", len(answer.body))


def test_a_client_that_left_is_noted(worker: ToyWorker, client: Client, entries: list[Entry]) -> None:
    url = client.upload("a.png", picture(content=bytes(1_000_000))).json["url"]
    with socket.create_connection(worker.address) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # close with a reset
        sock.sendall(f"GET {url} HTTP/1.1\r\nHost: a\r\n\r\n".encode() * 50)  # more than buffers hold
        sock.recv(1)
    wait_until(lambda: 499 in [entry.status for entry in entries])
    assert client.get(url).status == 200


def test_lines_of_a_request_can_carry_its_id(client: Client, world: World) -> None:
    seen: list[str] = []
    page = world.repository.page

    def look(query: ListQuery) -> object:
        seen.append(current_request_id())
        return page(query)

    world.repository.page = look
    assert client.list().request_id == seen[0]
    assert current_request_id() == ""


def test_a_fault_is_written_down_once_with_its_trace(
    client: Client, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.repository.page = lambda query: 1 / 0
    client.list()
    assert [record.levelno for record in caplog.records] == [logging.ERROR]
    assert caplog.records[0].exc_info is not None


def test_even_a_fault_in_presenting_a_fault_is_answered(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(Pages, "message", broken)
    answer = client.get("/nothing/here", {"Accept": "text/html"})
    assert (answer.status, answer.json["code"]) == (500, "internal_error")


def test_changes_are_limited_and_looking_is_not(world: World, settings: WebSettings) -> None:
    asked: list[str] = []

    def wait(client: str) -> float:
        asked.append(client)
        return 1.2 if len(asked) > 1 else 0.0

    with serving(make_handler(world.application(), replace(settings, rate_check=wait))) as worker:
        client = Client("http://{}:{}".format(*worker.address))
        assert client.upload("a.png", picture()).status == 201
        answer = client.upload("b.png", picture())
        assert (answer.status, answer.json["code"], answer.headers["Retry-After"]) == (429, "rate_limited", "2")
        assert client.list().json["total_items"] == 1
    assert asked == ["127.0.0.1"] * 2


def test_a_friendly_site_may_read_answers_errors_too(world: World, settings: WebSettings) -> None:
    friend = {"Origin": "https://friend.example"}
    with serving(make_handler(world.application(), replace(settings, cors_origins=(friend["Origin"],)))) as worker:
        client = Client("http://{}:{}".format(*worker.address))
        for answer in (client.upload("a.png", picture(), headers=friend), client.get("/api/images/x", friend)):
            assert answer.headers["Access-Control-Allow-Origin"] == friend["Origin"]


def test_a_public_url_is_what_links_begin_with(world: World, settings: WebSettings) -> None:
    with serving(make_handler(world.application(), replace(settings, public_url="https://p.example"))) as worker:
        client = Client("http://{}:{}".format(*worker.address))
        assert client.upload("a.png", picture()).json["absolute_url"].startswith("https://p.example/images/")


def test_a_template_that_is_missing_stops_the_start(world: World, settings: WebSettings, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        make_handler(world.application(), replace(settings, frontend_dir=tmp_path))


@pytest.mark.usefixtures("impatient")
def test_trickling_a_head_does_not_buy_time(worker: ToyWorker) -> None:
    with socket.create_connection(worker.address) as sock:
        assert trickle(sock).startswith(b"HTTP/1.1 408 ")
