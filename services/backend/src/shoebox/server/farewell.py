"""Closing so that the last answer arrives (RFC 9112 section 9.6)."""

from __future__ import annotations

import contextlib
import socket
import time
from collections import deque
from typing import Final

LINGER: Final = 2.0  # seconds for the peer to stop sending and close its side
SHORT_LINGER: Final = 0.3  # seconds, where no answer could be lost
READ: Final = 256 * 1024  # bytes a look at one socket; several megabytes a second in all


class Farewells:
    """Sockets that said their last word and wait for the peer to close.

    Closing with unread bytes makes the kernel send a reset, which may destroy the answer on
    its way; so what still comes is read and thrown away, for a bounded time.
    """

    def __init__(self) -> None:
        self._open: deque[tuple[float, socket.socket]] = deque()

    def any(self) -> bool:
        """Whether somebody is still being waited for."""
        return bool(self._open)

    def say(self, sock: socket.socket, answer: bytes) -> None:
        """Send the last word, if any, and promise that nothing follows. Any thread may call this."""
        with contextlib.suppress(OSError):
            sock.setblocking(False)
            if answer:
                sock.send(answer)  # smaller than any send buffer: it goes whole or the peer is gone
            sock.shutdown(socket.SHUT_WR)
        self._open.append((time.monotonic() + (LINGER if answer else SHORT_LINGER), sock))

    def step(self, now: float) -> None:
        """Read what came and close who is done. One thread calls this, often while `any`."""
        for _ in range(len(self._open)):
            deadline, sock = self._open.popleft()
            if now > deadline or _ended(sock):
                sock.close()
            else:
                self._open.append((deadline, sock))


def _ended(sock: socket.socket) -> bool:
    try:
        while sock.recv(READ):
            pass
    except BlockingIOError:
        return False
    except OSError:
        pass
    return True
