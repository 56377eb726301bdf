"""Waits that have an end."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final

PATIENCE: Final = 60.0  # seconds: far more than anything here takes, on a slow machine that pauses too
A_MOMENT: Final = 0.01  # seconds between two looks


def wait_until(true: Callable[[], object]) -> None:
    """Return as soon as it is; AssertionError when it never is."""
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end, "it never came"
        time.sleep(A_MOMENT)


def trickle(sock: socket.socket) -> bytes:
    """Send a letter every twentieth of a second until an answer comes, and return that."""
    sock.settimeout(0.05)
    answer = b""

    def send_and_look() -> bytes:
        nonlocal answer
        with suppress(TimeoutError):
            sock.sendall(b"G")
            answer = sock.recv(65536)
        return answer

    wait_until(send_and_look)
    return answer
