"""Five hundred clients that send a byte a second, and one that wants to see its pictures."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from http.client import HTTPException
from typing import Final

from tests.client import Client
from tests.pictures import picture
from tests.stack.embedded import Embedded
from tests.stack.process import wait_until
from tests.stack.stack import Stack

SLOW: Final = 500
VISITS: Final = 20
PATIENCE: Final = 60.0  # seconds
_HEAD: Final = b"GET /api/images/ HTTP/1.1\r\nHost: a\r\nX-Slow: "
_BODY: Final = b"PUT /api/upload/slow.png HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n"


@contextmanager
def slow_clients(client: Client, beginning: bytes) -> Iterator[None]:
    """They begin a request and then send one byte a second each, until the block ends."""
    stop = threading.Event()
    with ExitStack() as held:
        connections = [
            held.enter_context(socket.create_connection((client.host, client.port), timeout=PATIENCE))
            for _ in range(SLOW)
        ]
        for connection in connections:
            connection.sendall(beginning)
        thread = threading.Thread(target=_trickle, args=(connections, stop))
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()


def _trickle(connections: list[socket.socket], stop: threading.Event) -> None:
    while not stop.wait(1.0):
        for connection in connections:
            with contextlib.suppress(OSError):  # given up on by the server
                connection.send(b"a")


def slowest(client: Client) -> float:
    """Seconds the slowest of some ordinary visits takes; each must be answered as ever."""
    worst = 0.0
    for _ in range(VISITS):
        for status, visit in (
            (200, client.list),
            (200, lambda: client.get("/")),
            (201, lambda: client.upload("a.png", picture())),
        ):
            began = time.monotonic()
            assert visit().status == status
            worst = max(worst, time.monotonic() - began)
    return worst


def is_served(client: Client) -> bool:
    try:
        return client.list().status == 200
    except (OSError, HTTPException):  # nobody took the connection, or a moment too late
        return False


def test_slow_heads_leave_everybody_else_alone(
    topology: Embedded | Stack, record_testsuite_property: Callable[[str, object], None]
) -> None:
    client = Client(topology.url)
    with slow_clients(client, _HEAD):
        record_testsuite_property(f"{type(topology).__name__}: seconds beside slow heads", slowest(client))


def test_slow_bodies_cost_the_front_door_only(
    stack: Stack, record_testsuite_property: Callable[[str, object], None]
) -> None:
    client = Client(stack.url)
    with slow_clients(client, _BODY):
        record_testsuite_property("Stack: seconds beside slow bodies", slowest(client))


def test_without_a_front_door_slow_bodies_are_given_up_when_others_come(
    embedded: Embedded, record_testsuite_property: Callable[[str, object], None]
) -> None:
    client = Client(embedded.url)
    with slow_clients(client, _BODY):
        began = time.monotonic()
        wait_until(lambda: is_served(client), patience=PATIENCE, what="lists again")
        record_testsuite_property("Embedded: seconds until slow bodies are given up", time.monotonic() - began)
        record_testsuite_property("Embedded: seconds beside slow bodies", slowest(client))
