"""An answer before it is sent: status, prepared header lines, a body or an open file."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import BinaryIO, Final, NamedTuple

_SAFE_VALUE: Final = re.compile(r"[\t -~]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class FileBody:
    """A part of an open file. Whoever sends the response closes it."""

    file: BinaryIO
    offset: int
    length: int


class Response(NamedTuple):
    """One answer. `headers` are whole lines, each ending in CRLF.

    `etag` is sent too; it stands apart because conditional requests are decided by it.
    """

    status: int
    headers: bytes = b""
    body: bytes = b""
    file: FileBody | None = None
    etag: str | None = None

    @property
    def length(self) -> int:
        """Bytes of the body, sent or not."""
        return self.file.length if self.file else len(self.body)

    def adding(self, fields: Mapping[str, str]) -> Response:
        """The same answer with more headers."""
        return self._replace(headers=self.headers + header_lines(fields)) if fields else self


def header_lines(fields: Mapping[str, str]) -> bytes:
    """Prepared header lines. Raises `ValueError` for values that could end a line."""
    for value in fields.values():
        if _SAFE_VALUE.fullmatch(value) is None:
            raise ValueError("a header value holds a character that headers cannot")
    return "".join(f"{name}: {value}\r\n" for name, value in fields.items()).encode("ascii")


JSON: Final = header_lines({"Content-Type": "application/json", "Cache-Control": "no-cache"})
TEXT: Final = header_lines({"Content-Type": "text/plain; charset=utf-8", "Cache-Control": "no-store"})


_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False)


def json_bytes(value: object) -> bytes:
    """Compact JSON in UTF-8."""
    return _ENCODER.encode(value).encode("utf-8", "backslashreplace")


def json_response(status: int, value: object) -> Response:
    """An answer for programs."""
    return Response(status=status, headers=JSON, body=json_bytes(value))


def text_response(status: int, text: str) -> Response:
    """An answer for people at a shell; ends in a newline."""
    return Response(status=status, headers=TEXT, body=text.encode("utf-8", "backslashreplace") + b"\n")


def redirect(location: str, status: HTTPStatus = HTTPStatus.PERMANENT_REDIRECT) -> Response:
    """An answer that leads elsewhere, relative to this host."""
    return Response(status=status, headers=header_lines({"Location": location, "Cache-Control": "no-cache"}))
