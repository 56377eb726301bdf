"""Another reading of HTTP/1.1 requests (RFC 9112), the whole connection at hand and nothing forgiven.

Deliberately nothing like the code under test: no buffer, no state, only searches in one text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_TOKEN: Final = rb"[A-Za-z0-9!#$%&'*+.^_`|~-]+"
_FIRST_LINE: Final = re.compile(rb"(%b) ([^\x00-\x20\x7f]+) HTTP/1\.([0-9])" % _TOKEN)
_FIELD: Final = re.compile(rb"(%b):([^\x00-\x08\x0a-\x1f\x7f]*)" % _TOKEN)
_CHUNK_SIZE: Final = re.compile(rb"([0-9A-Fa-f]{1,8})[ \t]*(?:;[^\x00-\x08\x0a-\x1f\x7f]*)?")
_EMPTY: Final = b"\r\n"


@dataclass(frozen=True)
class Seen:
    """A request. `body` is nothing where it is not all there, or not well-formed."""

    method: str
    target: str
    fields: dict[str, str]
    body: bytes | None


def requests_in(stream: bytes) -> list[Seen]:
    """All requests up to the first thing that could be understood in two ways."""
    found: list[Seen] = []
    at = 0
    while True:
        while stream.startswith(_EMPTY, at):
            at += len(_EMPTY)
        end = stream.find(b"\r\n\r\n", at)
        head = _head(stream[at:end]) if end >= 0 else None
        if head is None:
            return found
        method, target, minor, fields = head
        ending = _body(stream, end + 4, method, minor, fields)
        if ending is None:
            return found
        body, at = ending
        found.append(Seen(method, target, fields, body))
        if body is None:
            return found


def _head(text: bytes) -> tuple[str, str, int, dict[str, str]] | None:
    first, *rest = text.split(b"\r\n")
    line = _FIRST_LINE.fullmatch(first)
    if line is None:
        return None
    fields: dict[str, str] = {}
    for item in rest:
        match = _FIELD.fullmatch(item)
        if match is None:
            return None
        name, value = match[1].decode().lower(), match[2].strip(b" \t").decode("latin-1")
        fields[name] = f"{fields[name]}, {value}" if name in fields else value
    minor = int(line[3])
    if minor and "host" not in fields:
        return None
    return line[1].decode(), line[2].decode("latin-1"), minor, fields


def _body(stream: bytes, at: int, method: str, minor: int, fields: dict[str, str]) -> tuple[bytes | None, int] | None:
    """The body and where it ends; nothing at all where nobody can say how long it is meant to be."""
    length, coding = fields.get("content-length"), fields.get("transfer-encoding")
    if coding is not None:
        if length is not None or not minor or coding.lower() != "chunked":
            return None
        return _chunks(stream, at)
    if length is None:
        return (None if method in {"POST", "PUT"} else b""), at
    if re.fullmatch("[0-9]{1,12}", length) is None:
        return None
    body = stream[at : at + int(length)]
    return (body if len(body) == int(length) else None), at + int(length)


def _chunks(stream: bytes, at: int) -> tuple[bytes | None, int]:
    body = b""
    while True:
        end = stream.find(b"\r\n", at)
        match = _CHUNK_SIZE.fullmatch(stream[at:end]) if end >= 0 else None
        if match is None:
            return None, at
        size, at = int(match[1], 16), end + 2
        if size == 0:
            return _after_trailers(stream, at, body)
        if len(stream) < at + size + 2 or stream[at + size : at + size + 2] != b"\r\n":
            return None, at
        body += stream[at : at + size]
        at += size + 2


def _after_trailers(stream: bytes, at: int, body: bytes) -> tuple[bytes | None, int]:
    while not stream.startswith(_EMPTY, at):
        end = stream.find(b"\r\n", at)
        if end < 0 or _FIELD.fullmatch(stream[at:end]) is None:
            return None, at
        at = end + 2
    return body, at + 2
