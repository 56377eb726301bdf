"""The bytes of one connection, both ways, each wait bounded.

The socket never blocks: a read that finds its bytes waiting costs one system call, and only
one that does not pays for a poll and looks at the clock.
"""

from __future__ import annotations

import contextlib
import os
import re
import select
import socket
import time
from collections.abc import Callable
from typing import Final

from shoebox.domain.errors import BadRequest
from shoebox.web.errors import HeadersTooLarge, RequestTimeout, UriTooLong

HEAD_TIMEOUT: Final = 10.0  # seconds for a whole head; a person's phone needs under one
BODY_TIMEOUT: Final = 10.0  # seconds between two reads or two writes; longer gaps are dead peers
PATIENCE: Final = 30.0  # seconds before the pace is looked at: slow starts are normal
MIN_PACE: Final = 1024  # bytes a second on average after that; slower holds a thread for nothing
CROWDED_PATIENCE: Final = 2.0  # seconds instead of PATIENCE, while there is no thread for anybody else
LOOK: Final = 0.5  # seconds between two looks at whether that is so
MAX_LINE: Final = 8 * 1024  # bytes of the request line, as Nginx has it
MAX_HEAD: Final = 32 * 1024  # bytes of the whole head, as Nginx has it (4 buffers of 8 KiB)
HEAD_READ: Final = 64 * 1024  # bytes a read; every head fits, and a small picture behind it
FILE_WRITE: Final = 1024 * 1024  # bytes a sendfile call, so that a stalled reader is noticed
LINGER: Final = 1.0  # seconds; the answer arrives before a reset could destroy it on the way

_EMPTY_LINES: Final = re.compile(rb"\A(?:\r\n)+")
_BARE_LF: Final = re.compile(rb"(?<!\r)\n")
_FIRST_BYTE: Final = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z\r]")


class Disconnected(Exception):
    """The client went away or takes no more bytes: there is nobody to answer."""


def _never() -> bool:
    return False


class Wire:
    """One connection. Every method but `close` raises `Disconnected` when the peer is gone.

    While `crowded` is true, a peer that keeps a thread waiting is given up much sooner.
    """

    def __init__(self, sock: socket.socket, *, crowded: Callable[[], bool] = _never) -> None:
        sock.setblocking(False)
        self._sock = sock
        self._crowded = crowded
        self._rest = b""
        self._arriving: _Pace | None = None  # of the current request, once it had to be waited for
        self._received = 0  # bytes of the current body

    def has_buffered(self) -> bool:
        """Whether bytes after the last request were read already."""
        return bool(self._rest)

    def read_head(self) -> bytes | None:
        """A head without the empty line that ends it; `b""` when nothing but an empty line came,
        None when the peer closed or idles.

        Raises `BadRequest` or its kin as soon as the bytes cannot become a head.
        """
        self._received, self._arriving = 0, None
        data = self._rest or self._first_bytes()
        if not data:
            return None
        if data.startswith(b"\r"):
            data, self._rest = self._without_empty_lines(data), b""
            if not data:
                return b""
        end = data.find(b"\r\n\r\n")
        if end < 0:
            data = self._finish_head(data)
            end = data.find(b"\r\n\r\n")
        self._rest = data[end + 4 :]
        _check_size(data, end)
        return data[:end]

    def _without_empty_lines(self, data: bytes) -> bytes:
        """RFC 9112 section 2.2: those before a request are forgiven, however the network cut them."""
        data = _EMPTY_LINES.sub(b"", data)
        while data == b"\r" and (more := self._receive(HEAD_READ, HEAD_TIMEOUT)):
            data = _EMPTY_LINES.sub(b"", data + more)
        return data

    def _first_bytes(self) -> bytes:
        try:
            return self._receive(HEAD_READ, HEAD_TIMEOUT)
        except RequestTimeout:
            return b""

    def _finish_head(self, data: bytes) -> bytes:
        self._rest = b""
        deadline = time.monotonic() + HEAD_TIMEOUT
        while b"\r\n\r\n" not in data:
            _check_unfinished(data)
            more = self._receive(HEAD_READ, deadline - time.monotonic())
            if not more:
                raise BadRequest("The request ended within its head.")
            data += more
        return data

    def read(self, size: int) -> bytes:
        """At most `size` bytes of a body, at least one; `b""` when the peer sends no more.

        Raises `RequestTimeout` when nothing comes for BODY_TIMEOUT, or too slowly.
        """
        if self._rest:
            data, self._rest = self._rest[:size], self._rest[size:]
        else:
            data = self._receive(size, BODY_TIMEOUT)
        self._received += len(data)
        return data

    def unread(self, data: bytes) -> None:
        """Give back bytes that belong to the next request."""
        self._rest = data + self._rest

    def _receive(self, size: int, timeout: float) -> bytes:
        try:
            return self._sock.recv(size)
        except BlockingIOError:
            if not self._arrives(timeout):
                raise RequestTimeout("The request did not arrive in time.") from None
        except OSError as error:
            raise Disconnected from error
        try:
            return self._sock.recv(size)
        except OSError as error:
            raise Disconnected from error

    def _arrives(self, timeout: float) -> bool:
        if self._arriving is None:
            self._arriving = _Pace()
        self._arriving.moved = self._received
        return self._keeps_pace(self._arriving, select.POLLIN, timeout)

    def _keeps_pace(self, pace: _Pace, event: int, timeout: float) -> bool:
        """Whether `event` comes within `timeout` seconds, from a peer worth waiting for."""
        deadline = time.monotonic() + timeout
        while not pace.too_slow(CROWDED_PATIENCE if self._crowded() else PATIENCE):
            left = deadline - time.monotonic()
            if self._wait(event, min(left, LOOK)):
                return True
            if left <= LOOK:
                return False
        return False

    def _wait(self, event: int, timeout: float) -> bool:
        if timeout <= 0:
            return False
        poll = select.poll()
        poll.register(self._sock, event)
        return bool(poll.poll(timeout * 1000))

    def send(self, data: bytes, *, more: bool = False) -> None:
        """All of `data`; in one system call unless the peer is slow. `more` follows at once."""
        flags = socket.MSG_MORE if more else 0
        try:
            sent = self._sock.send(data, flags)
        except BlockingIOError:
            sent = 0
        except OSError as error:
            raise Disconnected from error
        if sent < len(data):
            self._send_slowly(memoryview(data)[sent:], flags)

    def _send_slowly(self, data: memoryview, flags: int) -> None:
        pace = _Pace()
        while data:
            self._await_room(pace)
            try:
                sent = self._sock.send(data, flags)
            except OSError as error:
                raise Disconnected from error
            pace.moved += sent
            data = data[sent:]

    def send_file(self, descriptor: int, offset: int, count: int) -> None:
        """`count` bytes of an open file from `offset`, by sendfile(2)."""
        pace = _Pace()
        while count > 0:
            try:
                sent = os.sendfile(self._sock.fileno(), descriptor, offset, min(count, FILE_WRITE))
            except BlockingIOError:
                self._await_room(pace)
                continue
            except OSError as error:
                raise Disconnected from error
            if sent == 0:
                raise Disconnected  # the file is shorter than was said: only closing is honest
            pace.moved += sent
            offset += sent
            count -= sent

    def _await_room(self, pace: _Pace) -> None:
        if not self._keeps_pace(pace, select.POLLOUT, BODY_TIMEOUT):
            raise Disconnected

    def linger(self) -> None:
        """Say that nothing follows and let the peer finish, so that the answer is not lost.

        Closing with unread bytes in the buffer makes the kernel send a reset, which may
        overtake the answer (RFC 9112 section 9.6).
        """
        with contextlib.suppress(OSError):
            self._sock.shutdown(socket.SHUT_WR)
            deadline = time.monotonic() + LINGER
            while self._wait(select.POLLIN, deadline - time.monotonic()):
                if not self._sock.recv(HEAD_READ):
                    return

    def close(self) -> None:
        """Close the socket; twice is no error."""
        self._sock.close()


class _Pace:
    """How fast the peer sends or takes bytes."""

    __slots__ = ("moved", "started")

    def __init__(self) -> None:
        self.started = time.monotonic()
        self.moved = 0

    def too_slow(self, patience: float) -> bool:
        elapsed = time.monotonic() - self.started
        return elapsed > patience and self.moved < elapsed * MIN_PACE


def _check_unfinished(data: bytes) -> None:
    """Refuse at once what waiting cannot mend."""
    if data and not _FIRST_BYTE.match(data):
        raise BadRequest("This is not an HTTP request.")
    if _BARE_LF.search(data):
        raise BadRequest("A line of the head ends without a carriage return.")
    _check_size(data, len(data))


def _check_size(data: bytes, end: int) -> None:
    if end <= MAX_LINE:
        return
    if data.find(b"\r\n", 0, MAX_LINE) < 0:
        raise UriTooLong(f"The request line is longer than {MAX_LINE} bytes.")
    if end > MAX_HEAD:
        raise HeadersTooLarge(f"The head of the request is longer than {MAX_HEAD} bytes.")
