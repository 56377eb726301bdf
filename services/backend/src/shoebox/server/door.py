"""The listening socket of a worker: where clients come in."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator

from shoebox.server.clients import Client
from shoebox.server.parking import Parking


class Door:
    """A bound listener that the kernel reports to one of the waiting threads at a time. Threads may call
    `accept`, the others are for one thread. `on_trouble` is told why nobody could be let in."""

    def __init__(self, listener: socket.socket, parking: Parking, on_trouble: Callable[[OSError], None]) -> None:
        self._listener = listener
        self._parking = parking
        self._on_trouble = on_trouble
        self._deaf = False  # to be watched again later
        self._shut = False

    def leads_to(self, fd: int) -> bool:
        """Whether `fd` is the listener's."""
        return fd == self._listener.fileno()

    def open(self) -> None:
        """Have it reported when somebody comes."""
        self._parking.listen(self._listener.fileno())

    def accept(self) -> Client | None:
        """Take one connection from the kernel's queue."""
        try:
            sock, address = self._listener.accept()
        except (BlockingIOError, ConnectionAbortedError):
            self._parking.listen_on(self._listener.fileno())
            return None
        except OSError as error:
            if not self._shut:
                self._deaf = True  # no descriptors left, most likely: trying again at once would spin
                self._on_trouble(error)
            return None
        self._parking.listen_on(self._listener.fileno())
        return Client(sock, address)

    def listen_again(self) -> None:
        """After trouble, and after a while."""
        if self._deaf:
            self._deaf = False
            self._parking.listen_on(self._listener.fileno())

    def shut(self) -> None:
        """Let nobody in any more. What is in the kernel's queue stays there."""
        self._shut = True
        self._parking.deafen(self._listener.fileno())

    def let_in_last(self) -> Iterator[Client]:
        """Those in the kernel's queue; then close the listener."""
        while (client := self._accept_last()) is not None:
            yield client
        self._listener.close()

    def _accept_last(self) -> Client | None:
        try:
            return Client(*self._listener.accept())
        except OSError:
            return None
