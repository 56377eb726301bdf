"""A connection to the real request cycle, without a network: what was sent is there already."""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from shoebox.web.base import RequestCycle
from shoebox.web.errors import status_of
from shoebox.web.framing import Head
from shoebox.web.proxies import Proxies
from shoebox.web.request import Request
from shoebox.web.response import Response
from shoebox.web.settings import WebSettings
from tests.fuzz.second_reader import Seen

_STATUS: Final = re.compile(rb"^HTTP/1\.1 ([0-9]{3}) ", re.MULTILINE)
_CONTINUE: Final = 100  # whether it is said depends on what has arrived already
_LIMIT: Final = 1 << 20  # bytes of a body; more than any case sends
_ALWAYS_READY: Final = os.open(os.devnull, os.O_RDONLY)


class Socket:
    """Gives the pieces one by one, then the end of the stream; keeps what is sent."""

    family = socket.AF_UNIX

    def __init__(self, pieces: Sequence[bytes]) -> None:
        self._pieces = [*reversed(pieces)]
        self.sent = bytearray()

    def recv(self, size: int) -> bytes:
        if not self._pieces:
            return b""
        piece = self._pieces.pop()
        if len(piece) > size:
            self._pieces.append(piece[size:])
        return piece[:size]

    def send(self, data: bytes, flags: int = 0) -> int:
        self.sent += data
        return len(data)

    def fileno(self) -> int:
        return _ALWAYS_READY

    def getsockname(self) -> str:
        return ""

    def setblocking(self, blocking: bool) -> None:
        """Nothing ever blocks."""

    def shutdown(self, how: int) -> None:
        """Nobody listens."""


class Worker:
    """What a connection asks of its worker."""

    draining = False
    crowded = False


class Cycle(RequestCycle):
    """Answers every request with nothing, and reads every body, or only every other one."""

    settings = WebSettings(frontend_dir=Path(), version="0", access_log=lambda _: None)
    proxies = Proxies((), trust_peer=False)

    def __init__(self, sock: Any, *, reads: Iterator[bool]) -> None:
        super().__init__(sock, "fuzz", Worker())
        self.seen: list[Seen] = []
        self._reads = reads

    def respond(self, request: Request) -> Response:
        target = request.target.raw_query
        path = f"{request.target.path}?{target}" if target else request.target.path
        body = b"".join(request.body.chunks(_LIMIT)) if next(self._reads) else None
        self.seen.append(Seen(request.method, path, dict(request.fields), body))
        return Response(status=200)

    def refuse(self, error: Exception, head: Head) -> Response:
        return Response(status=status_of(error))

    def decorate(self, fields: Mapping[str, str]) -> bytes:
        return b""


@dataclass(frozen=True)
class Outcome:
    """The requests that were accepted and the statuses of all answers."""

    seen: list[Seen]
    statuses: list[int]


def serve(pieces: Sequence[bytes], reads: Iterator[bool]) -> Outcome:
    """Send the pieces, then nothing more, and let the cycle answer until it wants to close."""
    sock = Socket(pieces)
    cycle = Cycle(sock, reads=reads)
    while cycle.handle_request():
        pass
    statuses = [int(status) for status in _STATUS.findall(bytes(sock.sent))]
    return Outcome(cycle.seen, [status for status in statuses if status != _CONTINUE])
