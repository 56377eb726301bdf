"""The connection itself: slow peers, dead peers, large files."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest

from shoebox.web import wire as module
from shoebox.web.errors import RequestTimeout
from shoebox.web.response import Response
from shoebox.web.sending import head_of
from shoebox.web.wire import Disconnected, Wire

LARGE = os.urandom(8 * 1024 * 1024)  # more than any socket buffers


@pytest.fixture
def connection() -> Iterator[tuple[socket.socket, Wire]]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield theirs, Wire(ours)


@pytest.fixture
def large_file(tmp_path: Path) -> Path:
    path = tmp_path / "large"
    path.write_bytes(LARGE)
    return path


def collect(peer: socket.socket, work: Callable[[], None]) -> bytes:
    """Everything the peer gets while `work` is done."""
    received = bytearray()

    def read() -> None:
        while len(received) < len(LARGE) and (data := peer.recv(65536)):
            received.extend(data)

    reader = threading.Thread(target=read)
    reader.start()
    work()
    reader.join(timeout=30)
    return bytes(received)


def test_all_bytes_arrive_however_slowly_they_are_read(connection: tuple[socket.socket, Wire]) -> None:
    peer, wire = connection
    assert collect(peer, lambda: wire.send(LARGE)) == LARGE


def test_a_file_is_sent_from_where_it_was_asked(connection: tuple[socket.socket, Wire], large_file: Path) -> None:
    peer, wire = connection
    with large_file.open("rb") as file:

        def send() -> None:
            wire.send(LARGE[:5], more=True)
            wire.send_file(file.fileno(), 5, len(LARGE) - 5)

        assert collect(peer, send) == LARGE


def test_a_peer_that_reads_nothing_is_given_up(
    connection: tuple[socket.socket, Wire], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BODY_TIMEOUT", 0.05)
    with pytest.raises(Disconnected):
        connection[1].send(LARGE)


def test_a_peer_that_reads_nothing_of_a_file_is_given_up(
    connection: tuple[socket.socket, Wire], large_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BODY_TIMEOUT", 0.05)
    with large_file.open("rb") as file, pytest.raises(Disconnected):
        connection[1].send_file(file.fileno(), 0, len(LARGE))


def test_a_peer_that_crawls_is_given_up(
    connection: tuple[socket.socket, Wire], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PATIENCE", 0.0)
    assert_given_up(*connection)


def test_a_peer_that_crawls_is_given_up_sooner_when_others_want_its_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CROWDED_PATIENCE", 0.0)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        assert_given_up(theirs, Wire(ours, crowded=lambda: True))


def assert_given_up(peer: socket.socket, wire: Wire) -> None:
    given_up = threading.Event()

    def crawl() -> None:
        while not given_up.wait(0.01):  # about 100 bytes a second
            peer.sendall(b"a")

    crawler = threading.Thread(target=crawl)
    crawler.start()
    try:
        with pytest.raises(RequestTimeout):
            read_to_the_end(wire)
    finally:
        given_up.set()
        crawler.join(timeout=30)


def read_to_the_end(wire: Wire) -> None:
    while wire.read(10):
        pass


def test_a_file_that_became_shorter_ends_the_connection(connection: tuple[socket.socket, Wire], tmp_path: Path) -> None:
    path = tmp_path / "short"
    path.write_bytes(b"abc")
    with path.open("rb") as file, pytest.raises(Disconnected):
        connection[1].send_file(file.fileno(), 0, 4)


def test_a_peer_that_left_is_noticed(connection: tuple[socket.socket, Wire]) -> None:
    peer, wire = connection
    assert wire.has_buffered() is False
    peer.close()
    assert wire.read_head() is None
    with pytest.raises(Disconnected):
        wire.send(b"a")


def test_the_date_is_now_in_the_form_of_http() -> None:
    head = head_of(Response(status=200), request_id="x", keep=True, minor=1, extra=b"").decode()
    date = head.partition("\r\nDate: ")[2].partition("\r\n")[0]
    assert date.endswith(" GMT")
    assert abs(parsedate_to_datetime(date) - datetime.now(UTC)) < timedelta(seconds=5)
