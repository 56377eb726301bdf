"""Raw requests as data files, and a client that sends them byte for byte.

A file of `framing/` begins with fields, one a line, up to the first empty line:

    What: one sentence
    Worker: 400 closed
    Nginx: 200 open

An expectation is the statuses in the order they come (100 too) and what becomes of the
connection: `open` when another request is answered on it, else `closed`. Alternatives are
separated by `or`. Without `Nginx:` both answer alike.

The rest is the request. Line ends of the file mean nothing; backslash escapes are those of a
Python bytes literal; `{A*9000}` repeats a character; `{pause}` lets what was sent arrive
first; `{wait}` at the end keeps silent with the connection open, until the server closes it.
"""

from __future__ import annotations

import re
import socket
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parent / "framing"
PAUSE: Final = 0.05  # seconds; enough for the bytes to be read on their own
TIMEOUT: Final = 60.0  # seconds for one answer; Nginx waits 10 for a silent client
PROBE_ID: Final = b"framing-probe"
PROBE: Final = b"GET /api/limits HTTP/1.1\r\nHost: shoebox\r\nX-Request-ID: " + PROBE_ID + b"\r\n\r\n"

_TOKEN: Final = re.compile(rb"\{([^{}*]+)\*([0-9]+)\}")
_SPLIT: Final = re.compile(rb"\{pause\}|\{wait\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class RawCase:
    """One request and what is expected for it. `parts` are sent with pauses between them."""

    name: str
    what: str
    worker: str
    nginx: str
    parts: tuple[bytes, ...]
    waits: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """What came back: "400 closed" and the like, and the last answer's bytes."""

    outcome: str
    last: bytes


def load_cases() -> list[RawCase]:
    """All cases, by name."""
    return [_load(path) for path in sorted(FOLDER.glob("*.txt"))]


def _load(path: Path) -> RawCase:
    head, _, body = path.read_text("ascii").partition("\n\n")
    fields = dict(line.split(": ", 1) for line in head.splitlines())
    raw = body.replace("\n", "").encode().decode("unicode_escape").encode("latin-1")
    raw = _TOKEN.sub(lambda token: token[1] * int(token[2]), raw)
    return RawCase(
        name=path.stem,
        what=fields["What"],
        worker=fields["Worker"],
        nginx=fields.get("Nginx", fields["Worker"]),
        parts=tuple(_SPLIT.split(raw)),
        waits=raw.endswith(b"{wait}"),
    )


def agrees(outcome: str, expected: str) -> bool:
    """Whether an outcome is one of the expected alternatives."""
    return outcome in expected.split(" or ")


def replay(address: tuple[str, int], case: RawCase, expected: str) -> Replay:
    """Send a case and read as many answers as `expected` has, then see whether it stays open."""
    wanted = max(len(alternative.split()) - 1 for alternative in expected.split(" or "))
    with socket.create_connection(address, timeout=TIMEOUT) as sock:
        for number, part in enumerate(case.parts):
            if number:
                time.sleep(PAUSE)
            if not _send(sock, part):
                break
        reader = _Reader(sock)
        statuses: list[str] = []
        while len(statuses) < wanted and (status := reader.answer()):
            statuses.append(status)
        last = reader.last
        # Whatever else comes is an answer to something that was no request.
        if not case.waits:
            _send(sock, PROBE)
        while (status := reader.answer()) and PROBE_ID not in reader.last:
            statuses.append(status)
        return Replay(outcome=" ".join([*statuses, "open" if status == "200" else "closed"]), last=last)


def _send(sock: socket.socket, data: bytes) -> bool:
    try:
        sock.sendall(data)
    except OSError:
        return False  # closed already: its answer, if any, can still be read
    return True


class _Reader:
    """Reads answers off a socket; an end of the stream is an empty status."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._data = b""
        self.last = b""

    def answer(self) -> str:
        while b"\r\n\r\n" not in self._data:
            if not self._more():
                return ""
        head, _, self._data = self._data.partition(b"\r\n\r\n")
        length = re.search(rb"(?i)\r\ncontent-length: *([0-9]+)", head)
        size = int(length[1]) if length else 0
        while len(self._data) < size:
            if not self._more():
                return ""
        self.last, self._data = head + b"\r\n\r\n" + self._data[:size], self._data[size:]
        return head.split(b" ", 2)[1].decode()

    def _more(self) -> bool:
        try:
            data = self._sock.recv(65536)
        except OSError:
            return False
        self._data += data
        return bool(data)
