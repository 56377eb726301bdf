"""Listening sockets: bound once by the master, kept open over every change of processes."""

from __future__ import annotations

import contextlib
import socket
from typing import Final

from shoebox.server.programs import Address, Program

BACKLOG: Final = 1024  # connections; 5, the library's default, costs a second at 16 clients


class ListenError(Exception):
    """An address cannot be listened on; the text names it and says why."""


class Listeners:
    """The master's listening sockets, by who asked for them.

    The master never closes one that is in use: while a process is replaced, the kernel goes on
    queueing connections on it, and the replacement finds them there.
    """

    def __init__(self) -> None:
        self._sockets: dict[str, socket.socket] = {}

    def of(self, program: Program, index: int) -> tuple[socket.socket, ...]:
        """What slot `index` listens on, bound now if it is not yet. Raises `ListenError`."""
        if not program.addresses:
            return ()
        shared = len(program.addresses) == 1
        address = program.addresses[0 if shared else index]
        name = f"{program.name}/{0 if shared else index}/{address}"
        if name not in self._sockets:
            self._sockets[name] = _listen(address)
        return (self._sockets[name],)

    def bound(self, program: Program) -> tuple[Address, ...]:
        """The program's real addresses, with the ports the system chose. Raises `ListenError`."""
        found = [self.of(program, index)[0] for index in range(len(program.addresses))]
        return tuple(Address(host=sock.getsockname()[0], port=sock.getsockname()[1]) for sock in found)

    def close_all_but(self, kept: tuple[socket.socket, ...]) -> None:
        """In a child: siblings' listeners must not live on in here when the master closes them."""
        for sock in self._sockets.values():
            if sock not in kept:
                sock.close()

    def close(self) -> None:
        """Refuse new connections from now on, as far as the master is concerned."""
        self.close_all_but(())
        self._sockets.clear()

    def drop_unused(self, programs: tuple[Program, ...]) -> None:
        """After a change of settings: close what no program asks for any more."""
        used = {id(sock) for program in programs for n in range(program.count) for sock in self.of(program, n)}
        for name, sock in tuple(self._sockets.items()):
            if id(sock) not in used:
                self._sockets.pop(name).close()

    def export(self) -> dict[str, int]:
        """The descriptors by name, for `adopt` after an exec."""
        return {name: sock.fileno() for name, sock in self._sockets.items()}

    def adopt(self, exported: dict[str, int]) -> None:
        """Take over what `export` named, from the same process before its exec."""
        for name, fd in exported.items():
            os_socket = socket.socket(fileno=fd)
            os_socket.setblocking(False)
            self._sockets[name] = os_socket


def _listen(address: Address) -> socket.socket:
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Accepted sockets inherit it: without it an answer in two writes waits 40 ms for an ACK.
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.bind((address.host, address.port))
        sock.listen(BACKLOG)
        sock.setblocking(False)
    except (OSError, OverflowError) as error:
        with contextlib.suppress(OSError):
            sock.close()
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise ListenError(f"cannot listen on {address}: {reason}") from error
    return sock
