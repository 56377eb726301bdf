"""Turning a response into bytes on the wire: one system call for an answer without a file."""

from __future__ import annotations

import time
from http import HTTPStatus
from typing import BinaryIO, Final

from shoebox.web.response import FileBody, Response, header_lines, json_bytes
from shoebox.web.wire import Disconnected, Wire

COPY_SIZE: Final = 256 * 1024  # bytes a read, where a file has no descriptor for sendfile

_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_PHRASES: Final = {int(status): status.phrase for status in HTTPStatus} | {460: "Checksum Mismatch"}  # tus 1.0.0
_STATUS_LINES: Final = {
    status: f"HTTP/1.1 {status} {phrase}\r\nX-Content-Type-Options: nosniff\r\nDate: ".encode()
    for status, phrase in _PHRASES.items()
}
_BODILESS: Final = frozenset({HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED})

LAST_RESORT: Final = Response(
    status=HTTPStatus.INTERNAL_SERVER_ERROR,
    headers=header_lines({"Content-Type": "application/problem+json", "Cache-Control": "no-store"}),
    body=json_bytes(
        {
            "type": "about:blank",
            "title": HTTPStatus.INTERNAL_SERVER_ERROR.phrase,
            "status": 500,
            "detail": "Something went wrong on our side.",
            "code": "internal_error",
        }
    ),
)


class _Date:
    """The Date header's value, formatted once a second."""

    def __init__(self) -> None:
        self._current = (0, b"")

    def __call__(self) -> bytes:
        now = int(time.time())
        second, text = self._current
        if second != now:
            text = _format_date(now)
            self._current = (now, text)
        return text


def _format_date(seconds: int) -> bytes:
    t = time.gmtime(seconds)
    day, month = _DAYS[t.tm_wday], _MONTHS[t.tm_mon - 1]
    return f"{day}, {t.tm_mday:02} {month} {t.tm_year} {t.tm_hour:02}:{t.tm_min:02}:{t.tm_sec:02} GMT".encode()


_date: Final = _Date()


def head_of(response: Response, *, request_id: str, keep: bool, minor: int, extra: bytes) -> bytes:
    """The whole head of an answer, with the empty line."""
    parts = [_STATUS_LINES[response.status], _date(), b"\r\n", response.headers, extra]
    if response.etag is not None:
        parts.append(f"ETag: {response.etag}\r\n".encode())
    if response.status not in _BODILESS:
        parts.append(b"Content-Length: %d\r\n" % response.length)
    if not keep:
        parts.append(b"Connection: close\r\n")
    elif minor == 0:
        parts.append(b"Connection: keep-alive\r\n")
    parts.append(f"X-Request-ID: {request_id}\r\n\r\n".encode())
    return b"".join(parts)


def send(wire: Wire, head: bytes, response: Response, *, head_only: bool) -> int:
    """Send an answer; returns the bytes of its body that were sent. Raises `Disconnected`."""
    if head_only or response.status in _BODILESS:
        wire.send(head)
        return 0
    if response.file is None:
        wire.send(head + response.body)
        return len(response.body)
    wire.send(head, more=True)
    _send_file(wire, response.file)
    return response.file.length


def _send_file(wire: Wire, part: FileBody) -> None:
    descriptor = _descriptor(part.file)
    if descriptor is not None:
        wire.send_file(descriptor, part.offset, part.length)
        return
    part.file.seek(part.offset)
    left = part.length
    while left and (data := part.file.read(min(left, COPY_SIZE))):
        wire.send(data)
        left -= len(data)
    if left:
        raise Disconnected  # fewer bytes than the head said: only closing is honest


def _descriptor(file: BinaryIO) -> int | None:
    try:
        return file.fileno()
    except OSError:  # io.UnsupportedOperation
        return None
