"""One client's connection as the worker sees it, and the answers given without reading it."""

from __future__ import annotations

import contextlib
import json
import os
import re
import socket
import time
from typing import Any, Final, Protocol

PEEK: Final = 8 * 1024  # bytes; a head that is longer is the handler's to judge
_HEAD_END: Final = b"\r\n\r\n"
# What a head looks like while it is on its way: anything else is refused now, not waited for.
_UNFINISHED: Final = re.compile(rb"[A-Z][^\n]*(?:\r\n[^\n]*)*")


class Connection(Protocol):
    """One HTTP connection, made by the web room; used by one thread at a time.

    The socket given to the factory may be in any blocking mode; every wait inside must be
    bounded by the implementation.
    """

    def handle_request(self) -> bool:
        """Read and answer exactly one request; True when the connection may stay open."""

    def has_buffered(self) -> bool:
        """Whether bytes of a next request were read already, so that the kernel has none."""

    def close(self) -> None:
        """Close the connection; the peer may be gone already."""


class Client:
    """A connection and what the worker knows of it. `since` is monotonic seconds."""

    __slots__ = ("address", "connection", "fd", "known", "peeked", "since", "sock")

    def __init__(self, sock: socket.socket, address: Any) -> None:
        self.sock = sock
        self.fd = sock.fileno()
        self.address = address
        self.connection: Connection | None = None
        self.since = time.monotonic()  # parked, or its unfinished head begun
        self.peeked = 0  # bytes of an unfinished head
        self.known = False  # to the poller

    def head_arrived(self) -> bool:
        """Whether a thread may read a request now without waiting for a slow head.

        True also at the end of the stream, and for what can no longer become a good head.
        """
        try:
            data = self.sock.recv(PEEK, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        except BlockingIOError:
            return False
        except OSError:
            return True
        if _HEAD_END in data or self._hopeless(data):
            if self.peeked:
                self.peeked = 0
                self._wake_at(1)
            return True
        if not self.peeked:
            self.since = time.monotonic()
        self.peeked = len(data)
        self._wake_at(len(data) + 1)
        return False

    def _hopeless(self, data: bytes) -> bool:
        """Ended, no longer growing, too long, or malformed already."""
        return len(data) <= self.peeked or len(data) >= PEEK or _UNFINISHED.fullmatch(data) is None

    def _wake_at(self, size: int) -> None:
        """Count as readable only with `size` bytes in the buffer: those seen wake nobody again."""
        with contextlib.suppress(OSError):
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, size)

    def let_go(self) -> None:
        """Close our copy without a shutdown: another process has the connection now."""
        os.close(self.sock.detach())
        self.close()

    def close(self) -> None:
        """Close; twice is no error."""
        if self.connection is not None:
            with contextlib.suppress(OSError):
                self.connection.close()
        self.sock.close()


def adopt(sock: socket.socket) -> Client | None:
    """A client handed over by another process; None when the peer is gone already."""
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, 1)
        return Client(sock, sock.getpeername())
    except OSError:
        sock.close()
        return None


def _canned(status: int, title: str, code: str, detail: str, *fields: str) -> bytes:
    problem = {"type": "about:blank", "title": title, "status": status, "detail": detail, "code": code}
    body = json.dumps(problem).encode()
    head = (
        f"HTTP/1.1 {status} {title}",
        "Content-Type: application/problem+json",
        f"Content-Length: {len(body)}",
        "Cache-Control: no-store",
        "Connection: close",
        *fields,
    )
    return "\r\n".join(head).encode() + _HEAD_END + body


BUSY: Final = _canned(
    503, "Service Unavailable", "unavailable", "The service is busy. Please try again in a moment.", "Retry-After: 1"
)
TOO_SLOW: Final = _canned(408, "Request Timeout", "request_timeout", "The request did not arrive in time.")
