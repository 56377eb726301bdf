"""Where a request begins and ends: the only reading of a head and of a body's length.

The law of this file: what two readers could understand differently is refused, and the
connection closed. Source: RFC 9112 (HTTP/1.1), RFC 9110 section 5 (fields).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final, NamedTuple

from shoebox.domain.errors import BadRequest
from shoebox.web.body import MISSING_BODY, NO_BODY, Body, ChunkedBody, SizedBody
from shoebox.web.errors import CodingUnknown, ExpectationFailed, HeadersTooLarge, UriTooLong, VersionUnknown
from shoebox.web.wire import MAX_LINE, Wire

MAX_HEADERS: Final = 100  # lines; browsers behind proxies send about 30
CACHED_LINE: Final = 256  # bytes; longer lines are rarely sent twice and would fill the cache

_TOKEN: Final = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
_FIELD: Final = re.compile(rb"(" + _TOKEN + rb"):[ \t]*((?:[!-~\x80-\xff](?:[\t -~\x80-\xff]*[!-~\x80-\xff])?)?)[ \t]*")
_REQUEST_LINE: Final = re.compile(rb"(" + _TOKEN + rb") ([!-~\x80-\xff]+) HTTP/([0-9])\.([0-9])")
_LENGTH: Final = re.compile(r"[0-9]{1,12}")

_WITH_BODY: Final = frozenset({"POST", "PUT"})

# A second one of these would have to be chosen from, and the next server may choose the other.
_SINGLE: Final = frozenset(
    "host content-length transfer-encoding content-type expect range if-range if-modified-since "
    "origin sec-fetch-site x-request-id x-forwarded-host x-forwarded-proto".split()
)


class Head(NamedTuple):
    """A request line and its fields; names in lower case, values without outer blanks.

    Repeated fields are joined by commas where RFC 9110 section 5.3 allows it.
    """

    method: str
    target: str
    minor: int
    fields: Mapping[str, str]


def parse_head(data: bytes) -> Head:
    """Read a head strictly. Raises `BadRequest` or its kin; then nothing after it can be trusted."""
    line, *rest = data.split(b"\r\n")
    method, target, minor = _cached_request_line(line) if len(line) <= CACHED_LINE else _request_line(line)
    if len(rest) > MAX_HEADERS:
        raise HeadersTooLarge(f"A request has at most {MAX_HEADERS} header lines.")
    fields: dict[str, str] = {}
    for item in rest:
        name, value = _cached_field(item) if len(item) <= CACHED_LINE else _field(item)
        if name in fields:
            if name in _SINGLE:
                raise BadRequest(f"The header {name} is there more than once.")
            value = f"{fields[name]}, {value}"
        fields[name] = value
    if minor and "host" not in fields:
        raise BadRequest("An HTTP/1.1 request names its host.")
    return Head(method=method, target=target, minor=minor, fields=fields)


def _request_line(line: bytes) -> tuple[str, str, int]:
    if len(line) > MAX_LINE:
        raise UriTooLong(f"The request line is longer than {MAX_LINE} bytes.")
    match = _REQUEST_LINE.fullmatch(line)
    if match is None:
        raise BadRequest("The first line is not that of an HTTP request.")
    method, target, major, minor = match.groups()
    if method == b"PRI":
        raise BadRequest("HTTP/2 is not spoken on this port.")
    if major != b"1":
        raise VersionUnknown("Only HTTP/1.1 and HTTP/1.0 are spoken here.")
    return method.decode(), target.decode("latin-1"), min(int(minor), 1)


def _field(line: bytes) -> tuple[str, str]:
    if len(line) > MAX_LINE:
        raise HeadersTooLarge(f"A header is at most {MAX_LINE} bytes long.")
    match = _FIELD.fullmatch(line)
    if match is None:
        raise BadRequest("A header line is malformed.")
    return match[1].decode().lower(), match[2].decode("latin-1")


_cached_request_line = lru_cache(maxsize=512)(_request_line)
_cached_field = lru_cache(maxsize=1024)(_field)


def open_body(head: Head, wire: Wire) -> Body:
    """The body that follows a head. Raises `BadRequest`, `CodingUnknown` or `ExpectationFailed`."""
    fields = head.fields
    length = fields.get("content-length")
    coding = fields.get("transfer-encoding")
    if length is None and coding is None:
        return MISSING_BODY if head.method in _WITH_BODY else NO_BODY
    expects = _expects_continue(head)
    if coding is not None:
        _check_coding(head, coding, length)
        return ChunkedBody(wire, expects_continue=expects)
    if length is None or _LENGTH.fullmatch(length) is None:
        raise BadRequest("The Content-Length is not one number of 1 to 12 digits.")
    return SizedBody(wire, int(length), expects_continue=expects) if int(length) else NO_BODY


def _check_coding(head: Head, coding: str, length: str | None) -> None:
    if length is not None:
        raise BadRequest("A request has a Content-Length or a Transfer-Encoding, not both.")
    if head.minor == 0:
        raise BadRequest("HTTP/1.0 knows no Transfer-Encoding.")
    if coding.lower() != "chunked":
        raise CodingUnknown("The only transfer coding understood here is chunked.")


def _expects_continue(head: Head) -> bool:
    expectation = head.fields.get("expect")
    if expectation is None or head.minor == 0:  # RFC 9110 section 10.1.1: not for HTTP/1.0
        return False
    if expectation.lower() != "100-continue":
        raise ExpectationFailed("The only expectation that can be met is 100-continue.")
    return True
