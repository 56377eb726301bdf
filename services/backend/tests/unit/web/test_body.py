"""Bodies as they come off a connection."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shoebox.domain.errors import BadRequest, FileTooLarge
from shoebox.web.body import MAX_DRAIN_BYTES, Body, ChunkedBody, SizedBody
from shoebox.web.wire import Wire

LIMIT = 1_000_000


@pytest.fixture
def connection() -> Iterator[tuple[socket.socket, Wire]]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield theirs, Wire(ours)


def chunked(wire: Wire) -> Body:
    return ChunkedBody(wire, expects_continue=False)


def read(body: Body, limit: int = LIMIT) -> bytes:
    return b"".join(body.chunks(limit))


@settings(max_examples=100, derandomize=True, deadline=None)
@given(st.lists(st.binary(min_size=1, max_size=3000), max_size=8), st.booleans())
def test_chunks_are_put_together_and_nothing_after_them_is_touched(pieces: list[bytes], extended: bool) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        extension = b';a="b"' if extended else b""
        encoded = b"".join(b"%X%b\r\n%b\r\n" % (len(piece), extension, piece) for piece in pieces)
        theirs.sendall(encoded + b"0\r\nTrailer: x\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n")
        wire = Wire(ours)
        assert read(chunked(wire)) == b"".join(pieces)
        assert wire.read_head() == b"GET / HTTP/1.1\r\nHost: a"


@pytest.mark.parametrize(
    "data",
    [
        b"\r\n",
        b" 3\r\nabc\r\n0\r\n\r\n",
        b"3\r\nabc0\r\n\r\n",
        b"3\r\nabc\n0\r\n\r\n",
        b"3\r\nabc\r\n0\r\nno trailer\r\n\r\n",
        b"3\r\nabc\r\n0\r\n" + b"A: b\r\n" * 4000 + b"\r\n",
        b"100000000\r\n",
        b"3\r\nab",
    ],
)
def test_chunks_that_break_a_rule_are_refused(connection: tuple[socket.socket, Wire], data: bytes) -> None:
    peer, wire = connection
    peer.sendall(data)
    peer.shutdown(socket.SHUT_WR)
    body = chunked(wire)
    with pytest.raises(BadRequest):
        read(body)
    assert not body.drainable


def test_a_body_that_says_it_is_too_large_is_not_read(connection: tuple[socket.socket, Wire]) -> None:
    _, wire = connection  # nothing was sent: reading would wait
    with pytest.raises(FileTooLarge):
        read(SizedBody(wire, 11, expects_continue=True), limit=10)


def test_chunks_are_counted(connection: tuple[socket.socket, Wire]) -> None:
    peer, wire = connection
    peer.sendall(b"5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n")
    with pytest.raises(FileTooLarge):
        read(chunked(wire), limit=10)


def test_a_body_that_ends_early_is_refused(connection: tuple[socket.socket, Wire]) -> None:
    peer, wire = connection
    peer.sendall(b"hello")
    peer.shutdown(socket.SHUT_WR)
    body = SizedBody(wire, 6, expects_continue=False)
    with pytest.raises(BadRequest):
        read(body)
    assert not body.drainable


def test_continue_is_said_once_and_only_when_the_body_is_wanted(connection: tuple[socket.socket, Wire]) -> None:
    peer, wire = connection
    peer.setblocking(False)
    body = SizedBody(wire, 10, expects_continue=True)
    with pytest.raises(BlockingIOError):
        peer.recv(100)
    peer.sendall(b"hello")
    assert body.read() == b"hello"
    assert peer.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
    peer.sendall(b"world")
    assert body.read() == b"world"
    with pytest.raises(BlockingIOError):
        peer.recv(100)


def test_a_little_rest_is_read_away(connection: tuple[socket.socket, Wire]) -> None:
    peer, wire = connection
    peer.sendall(b"hello" + b"GET / HTTP/1.1\r\n\r\n")
    body = SizedBody(wire, 5, expects_continue=False)
    assert body.drainable
    body.drain()
    assert wire.read_head() == b"GET / HTTP/1.1"


@pytest.mark.parametrize(
    "make",
    [
        lambda wire: SizedBody(wire, MAX_DRAIN_BYTES + 1, expects_continue=False),
        lambda wire: SizedBody(wire, 5, expects_continue=True),
        chunked,
    ],
)
def test_a_rest_of_unknown_cost_closes(connection: tuple[socket.socket, Wire], make: Callable[[Wire], Body]) -> None:
    assert not make(connection[1]).drainable
