"""A request's body as it comes in, decoded, never held whole."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from shoebox.domain.errors import BadRequest, FileTooLarge
from shoebox.web.wire import Wire

BODY_READ: Final = 128 * 1024  # bytes a read: few calls for 20 MB, little memory at 64 at once
MAX_DRAIN_BYTES: Final = 256 * 1024  # past this, closing is cheaper than reading what nobody wants
MAX_CHUNK_LINE: Final = 256  # bytes of a chunk's size and its extensions, which nobody uses
CHUNK_LINE_READ: Final = 4096  # bytes; small chunks come with the line of the next
ALLOWANCE: Final = 16 * 1024  # bytes of chunk lines beyond those of data; also of all trailers

_CHUNK: Final = re.compile(rb"([0-9A-Fa-f]{1,8})[ \t]*(?:;[\t -~\x80-\xff]*)?")
_TRAILER: Final = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[\t -~\x80-\xff]*")
_CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"


class Body:
    """No body; also what sized and chunked ones have in common.

    `length` is the declared number of bytes, None where chunked tells it only at the end.
    """

    length: int | None = 0

    @property
    def drainable(self) -> bool:
        """Whether the rest is known to be so little that reading it is cheaper than closing."""
        return True

    def read(self) -> bytes:
        """The next bytes, `b""` at the end. Raises `BadRequest` when the client breaks off."""
        return b""

    def drain(self) -> None:
        """Read and drop what is left, so that it is not taken for the next request."""
        while self.read():
            pass

    def chunks(self, limit: int) -> Iterator[bytes]:
        """The whole body. Raises `FileTooLarge` when it is over `limit` bytes: unread if it says so."""
        if self.length is not None and self.length > limit:
            raise FileTooLarge(f"The request is larger than the limit of {limit} bytes.")
        total = 0
        while data := self.read():
            total += len(data)
            if total > limit:
                raise FileTooLarge(f"The request is larger than the limit of {limit} bytes.")
            yield data


class MissingBody(Body):
    """A body that was to be expected and is not announced: what follows, if anything does,
    may be meant as it, so the connection is not used again."""

    length = None

    @property
    def drainable(self) -> bool:
        return False

    def read(self) -> bytes:
        raise BadRequest("The request has no body, or does not say how long it is.")


NO_BODY: Final = Body()
MISSING_BODY: Final = MissingBody()


class _Waited(Body):
    """A body that may be waited for with `100 Continue` (RFC 9110 section 10.1.1)."""

    def __init__(self, wire: Wire, *, expects_continue: bool) -> None:
        self._wire = wire
        self._held = expects_continue
        self._broken = False

    def _receive(self, size: int) -> bytes:
        if self._held:
            self._held = False
            if not self._wire.has_buffered():
                self._wire.send(_CONTINUE)
        self._broken = True
        data = self._wire.read(size)
        if not data:
            raise BadRequest("The request ended before its body was complete.")
        self._broken = False
        return data


class SizedBody(_Waited):
    """A body of a declared length, which is not 0."""

    def __init__(self, wire: Wire, length: int, *, expects_continue: bool) -> None:
        super().__init__(wire, expects_continue=expects_continue)
        self.length = self._left = length

    def read(self) -> bytes:
        if self._left == 0:
            return b""
        data = self._receive(min(self._left, BODY_READ))
        self._left -= len(data)
        return data

    @property
    def drainable(self) -> bool:
        # A client that waits for 100 may or may not send its body after all: nobody can tell.
        return not (self._held or self._broken or self._left > MAX_DRAIN_BYTES)


class ChunkedBody(_Waited):
    """A body in chunks (RFC 9112 section 7.1); extensions and trailers are checked and dropped."""

    length = None

    def __init__(self, wire: Wire, *, expects_continue: bool) -> None:
        super().__init__(wire, expects_continue=expects_continue)
        self._buffer = b""
        self._left = 0  # bytes of the current chunk
        self._finished = False
        self._overhead = -ALLOWANCE
        self._begun = False

    def read(self) -> bytes:
        # Gathered, because whoever takes the pieces pays for each: a body of tiny chunks
        # would otherwise cost far more to read than to send.
        pieces: list[bytes] = []
        wanted = BODY_READ
        while wanted > 0 and not self._finished and (self._left or self._next_chunk()):
            piece = self._piece(wanted)
            pieces.append(piece)
            wanted -= len(piece)
        return b"".join(pieces)

    def _piece(self, most: int) -> bytes:
        size = min(self._left, most)
        data = self._buffer or self._receive(size)
        data, self._buffer = data[:size], data[size:]
        self._left -= len(data)
        self._overhead -= len(data)
        return data

    @property
    def drainable(self) -> bool:
        return self._finished

    def _next_chunk(self) -> bool:
        if self._begun and self._line() != b"":
            raise BadRequest("A chunk is longer than it says.")
        self._begun = True
        match = _CHUNK.fullmatch(self._line())
        if match is None:
            raise BadRequest("The size of a chunk cannot be read.")
        self._left = int(match[1], 16)
        if self._left == 0:
            self._overhead = -ALLOWANCE  # data earns nothing for what follows it
            self._skip_trailers()
        return self._left > 0

    def _skip_trailers(self) -> None:
        while line := self._line():
            if _TRAILER.fullmatch(line) is None:
                raise BadRequest("A trailer is malformed.")
        self._finished = True
        self._wire.unread(self._buffer)
        self._buffer = b""

    def _line(self) -> bytes:
        while (end := self._buffer.find(b"\r\n")) < 0:
            if len(self._buffer) > MAX_CHUNK_LINE or b"\n" in self._buffer:
                raise BadRequest("A line between chunks is malformed.")
            self._buffer += self._receive(CHUNK_LINE_READ)
        line, self._buffer = self._buffer[:end], self._buffer[end + 2 :]
        self._overhead += end + 2
        if end > MAX_CHUNK_LINE or self._overhead > 0:
            raise BadRequest("There is too little data for so many chunks.")
        return line
