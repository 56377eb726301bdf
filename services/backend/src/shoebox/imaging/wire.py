"""How a worker and a decoder talk.

A job is one datagram of a few bytes with two descriptors (SCM_RIGHTS): the picture's file and
the writing end of a fresh pipe. The decoder answers there: what kind of answer it is, two
lengths, a few words, the thumbnail's bytes. End of file without an answer means the decoder died.
"""

from __future__ import annotations

import contextlib
import os
import select
import socket
import struct
from array import array
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

from shoebox.domain.errors import InvalidImage, ShoeboxError, StorageFull, Unavailable, UnsupportedFormat
from shoebox.domain.image import Facts, Format
from shoebox.ports import Examined

MAX_PART: Final = 64 * 1024**2  # bytes; words or a thumbnail that claim more are a bug of ours
REPLY_LIMIT: Final = 5.0  # seconds a worker may take to read an answer; a stopped one must not hold a decoder
ANSWER_READ: Final = 64 * 1024  # bytes; nearly every answer comes in one piece
_JOB: Final = struct.Struct(">I?")  # width, 0 for none; large
_ANSWER: Final = struct.Struct(">cII")  # its kind; how long the words are, and the body
_EXAMINED, _THUMBNAIL, _ERROR = b"x", b"t", b"e"
_FORMATS: Final = {known.value: known for known in Format}

_ERRORS: Final[Mapping[str, type[ShoeboxError]]] = MappingProxyType(
    {error.code: error for error in (InvalidImage, UnsupportedFormat, Unavailable, StorageFull)}
)


class Hangup(Exception):
    """The other side went away before it said everything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What is asked of a decoder. No `width` means examine, a width means a thumbnail.

    `large` is known once a decoder has looked: it takes a raster that is decoded alone.
    """

    width: int | None = None
    large: bool = False

    def as_large(self) -> Job:
        """The same job for whoever has room for it."""
        return replace(self, large=True)


@dataclass(slots=True)
class Delivery:
    """A job that was taken from the queue, with the descriptors that came along, now ours."""

    job: Job
    picture: int
    reply: int

    def __enter__(self) -> Delivery:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self.picture)
        os.close(self.reply)

    @property
    def wanted(self) -> bool:
        """Whether anybody still waits for the answer."""
        return not _wait(self.reply, 0, 0.0)  # an error is told unasked: the reading end is closed


def reply_pipe() -> tuple[int, int]:
    """A reading and a writing end for one answer; neither blocks, nor outlives an exec."""
    return os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)


def send_job(jobs: socket.socket, job: Job, picture: int, reply: int) -> None:
    """Put a job into the queue. Raises `TimeoutError` when there is no room within the
    socket's time limit; both descriptors stay the caller's."""
    descriptors = array("i", (picture, reply))
    jobs.sendmsg((_JOB.pack(job.width or 0, job.large),), ((socket.SOL_SOCKET, socket.SCM_RIGHTS, descriptors),))


def receive_job(jobs: socket.socket) -> Delivery | None:
    """Take the next job; None when the datagram was none. Raises `TimeoutError`."""
    data, descriptors, _, _ = socket.recv_fds(jobs, _JOB.size + 1, 2)
    try:
        width, large = _JOB.unpack(data)
        picture, reply = descriptors
    except (struct.error, ValueError):  # torn, or the kernel had no room for the descriptors
        for descriptor in descriptors:
            os.close(descriptor)
        return None
    return Delivery(Job(width=width or None, large=large), picture, reply)


def send_answer(reply: int, answer: Examined | bytes | ShoeboxError) -> None:
    """Say what became of a job. A listener who is gone, or takes nothing for REPLY_LIMIT, is no error."""
    kind, words, body = _pack(answer)
    said = words.encode("utf-8", "backslashreplace")
    rest = memoryview(_ANSWER.pack(kind, len(said), len(body)) + said + body)
    with contextlib.suppress(OSError):
        rest = rest[os.write(reply, rest) :]  # nearly every answer goes in one piece
        while rest and _wait(reply, select.POLLOUT, REPLY_LIMIT):
            rest = rest[os.write(reply, rest) :]


def receive_answer(reply: int, limit: float) -> Examined | bytes:
    """Wait for the answer and return it, or raise the error that it is.

    Raises `TimeoutError` when nothing comes for `limit` seconds, `Hangup` if the decoder died.
    """
    data = _receive(reply, b"", _ANSWER.size, limit)
    kind, said, size = _ANSWER.unpack_from(data)
    if max(said, size) > MAX_PART:
        raise Hangup("an impossible length")
    start = _ANSWER.size + said
    end = start + size
    data = _receive(reply, data, end, limit)
    return _unpack(kind, data[_ANSWER.size : start].decode(), data[start:end])


def _pack(answer: Examined | bytes | ShoeboxError) -> tuple[bytes, str, bytes]:
    if isinstance(answer, bytes):
        return _THUMBNAIL, "", answer
    if isinstance(answer, ShoeboxError):
        return _ERROR, f"{answer.code} {answer}", b""
    facts = answer.facts
    words = f"{facts.format.value} {facts.width} {facts.height} {facts.size} {facts.sha256} {facts.color}"
    return _EXAMINED, words, answer.thumbnail


def _unpack(kind: bytes, words: str, body: bytes) -> Examined | bytes:
    if kind == _THUMBNAIL:
        return body
    if kind == _ERROR:
        code, _, detail = words.partition(" ")
        raise _ERRORS.get(code, ShoeboxError)(detail)
    form, width, height, size, sha256, color = words.split(" ")
    facts = Facts(
        format=_FORMATS[form], width=int(width), height=int(height), size=int(size), sha256=sha256, color=color
    )
    return Examined(facts=facts, thumbnail=body)


def _receive(reply: int, data: bytes, size: int, limit: float) -> bytes:
    """`data` and what follows it, at least `size` bytes in all."""
    while len(data) < size:
        if not _wait(reply, select.POLLIN, limit):
            raise TimeoutError("no answer")
        part = os.read(reply, max(ANSWER_READ, size - len(data)))
        if not part:
            raise Hangup("the pipe ended")
        data += part
    return data


def _wait(descriptor: int, event: int, limit: float) -> bool:
    """Whether `event`, an error or the end comes within so many seconds."""
    poll = select.poll()
    poll.register(descriptor, event)
    return bool(poll.poll(limit * 1000))
