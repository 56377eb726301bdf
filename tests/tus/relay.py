"""A line that breaks after a number of bytes."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

BLOCK: Final = 16 * 1024  # bytes
ABRUPT: Final = struct.pack("ii", 1, 0)  # SO_LINGER: a reset in place of an orderly end


@contextmanager
def breaking_line(target: tuple[str, int], after: int) -> Iterator[str]:
    """A URL that leads to `target` until clients have sent `after` bytes; then every line is dead."""
    left = [after]
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=_accept, args=(server, target, left), daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        server.shutdown(socket.SHUT_RDWR)


def _accept(server: socket.socket, target: tuple[str, int], left: list[int]) -> None:
    while True:
        try:
            client, _ = server.accept()
        except OSError:
            return
        try:
            upstream = socket.create_connection(target)
        except OSError:  # nobody is there: the line is dead
            client.close()
            continue
        threading.Thread(target=_answers, args=(upstream, client), daemon=True).start()
        threading.Thread(target=_requests, args=(client, upstream, left), daemon=True).start()


def _requests(client: socket.socket, upstream: socket.socket, left: list[int]) -> None:
    try:
        while left[0] > 0 and (data := client.recv(min(BLOCK, left[0]))):
            left[0] -= len(data)
            upstream.sendall(data)
    except OSError:
        pass
    upstream.close()
    with suppress(OSError):  # the client has gone first
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, ABRUPT)
        client.shutdown(socket.SHUT_RDWR)
    client.close()


def _answers(upstream: socket.socket, client: socket.socket) -> None:
    try:
        while data := upstream.recv(BLOCK):
            client.sendall(data)
    except OSError:
        pass
