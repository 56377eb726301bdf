"""Free loopback ports."""

from __future__ import annotations

import random
import socket
from contextlib import ExitStack
from typing import Final

LOOPBACK: Final = "127.0.0.1"
# Below the range from which the kernel gives ports to outgoing connections: a row of ports
# that is free now stays free until its owner binds it.
_ROW_RANGE: Final = range(20000, 32000)
_ATTEMPTS: Final = 200
# Given out by this process, to somebody who may not have bound them yet, or is just being started again.
_taken: Final[set[int]] = set()


def free_port() -> int:
    """A port nobody listens on, and that is given to nobody else here."""
    return free_row(1)


def free_row(count: int) -> int:
    """The first of `count` neighbouring ports nobody listens on, and that are given to nobody else here."""
    for _ in range(_ATTEMPTS):
        first = random.choice(_ROW_RANGE)
        if _taken.isdisjoint(range(first, first + count)) and all_free(first, count):
            take(first, count)
            return first
    raise OSError(f"no {count} free ports in a row")


def take(first: int, count: int = 1) -> None:
    """Give the ports `first` … `first + count - 1`, chosen by somebody else, to nobody."""
    _taken.update(range(first, first + count))


def all_free(first: int, count: int) -> bool:
    """Whether the ports `first` … `first + count - 1` can be bound on the loopback address."""
    with ExitStack() as held:
        for port in range(first, first + count):
            listener = held.enter_context(socket.socket())
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                listener.bind((LOOPBACK, port))
            except OSError:
                return False
    return True
