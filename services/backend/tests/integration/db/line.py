"""A TCP line to a server that can lose an answer."""

from __future__ import annotations

import selectors
import socket
import threading
from contextlib import suppress
from dataclasses import replace
from types import TracebackType

from tests.stack.postgres import Login

CHUNK = 65536  # bytes


class Line:
    """Passes bytes on, both ways. `login` is the server's, by way of this line."""

    def __init__(self, server: Login) -> None:
        self._server = (server.host, server.port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._losing = threading.Event()
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self.login = replace(server, port=self._listener.getsockname()[1])

    def lose_next_answer(self) -> None:
        """Whatever the server says next is dropped, and the connection with it."""
        self._losing.set()

    def __enter__(self) -> Line:
        self._accepting.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._accepting.join(30)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:  # closed
                return
            threading.Thread(target=self._pass_on, args=[client], daemon=True).start()

    def _pass_on(self, client: socket.socket) -> None:
        with (
            suppress(ConnectionError),  # who is cut off is not told in good order
            client,
            socket.create_connection(self._server) as server,
            selectors.DefaultSelector() as selector,
        ):
            selector.register(client, selectors.EVENT_READ, server)
            selector.register(server, selectors.EVENT_READ, client)
            while True:
                for ready, _ in selector.select():
                    source = client if ready.fileobj is client else server
                    content = source.recv(CHUNK)
                    if source is server and content and self._losing.is_set():
                        self._losing.clear()
                        return
                    if not content:
                        return
                    ready.data.sendall(content)
