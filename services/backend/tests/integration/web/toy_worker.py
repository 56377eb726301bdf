"""A worker as small as can be: a thread for each connection, as many as tests need."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Protocol


class Connection(Protocol):
    def handle_request(self) -> bool: ...

    def close(self) -> None: ...


class ToyWorker:
    """Accepts on a free loopback port until it is closed."""

    def __init__(self, make_connection: Callable[[socket.socket, object, ToyWorker], Connection]) -> None:
        self.draining = False
        self.crowded = False
        self._make_connection = make_connection
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.address: tuple[str, int] = self._listener.getsockname()
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def _accept(self) -> None:
        while True:
            try:
                sock, address = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._converse, args=(sock, address), daemon=True).start()

    def _converse(self, sock: socket.socket, address: object) -> None:
        connection = self._make_connection(sock, address, self)
        while connection.handle_request():
            pass
        connection.close()

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(timeout=5)


@contextlib.contextmanager
def serving(make_connection: Callable[[socket.socket, object, ToyWorker], Connection]) -> Iterator[ToyWorker]:
    worker = ToyWorker(make_connection)
    try:
        yield worker
    finally:
        worker.close()
