"""What a request asks for: path segments and query parameters, strictly decoded."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from shoebox.domain.errors import BadRequest

MAX_PARAMETERS: Final = 64  # in one query; pages of ours send seven
CACHED_TARGET: Final = 256  # characters; longer ones are rarely asked for twice

_ABSOLUTE: Final = re.compile(r"https?://([^/?#]*)(.*)", re.IGNORECASE)
_PERCENT: Final = re.compile(rb"%([0-9A-Fa-f]{2})")
_BAD_PERCENT: Final = re.compile(rb"%(?![0-9A-Fa-f]{2})")


@dataclass(frozen=True, slots=True)
class Query:
    """The parameters after the question mark, each with all its values, in order."""

    values: Mapping[str, tuple[str, ...]]

    def get(self, name: str) -> str | None:
        """The one value of a parameter; None when absent or empty.

        Raises `BadRequest` when it is there twice: which one is meant cannot be known.
        """
        found = self.values.get(name)
        if found is None:
            return None
        if len(found) > 1:
            raise BadRequest(f"The parameter {name} is there more than once.")
        return found[0] or None


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A request target. `raw_query` is as sent, without the question mark.

    `segments` are what stands between slashes, decoded afterwards: an encoded slash is part
    of its segment. `authority` is the host of an absolute-form target, otherwise None.
    """

    path: str
    segments: tuple[str, ...]
    raw_query: str
    query: Query
    authority: str | None


def parse_target(text: str) -> Target:
    """Read a target in origin or absolute form. Raises `BadRequest`."""
    return _cached(text) if len(text) <= CACHED_TARGET else _parse(text)


def _parse(text: str) -> Target:
    authority = None
    if text == "*":  # asks about the server as a whole: only OPTIONS may
        return Target(path="*", segments=("*",), raw_query="", query=Query({}), authority=None)
    if not text.startswith("/"):
        match = _ABSOLUTE.fullmatch(text)
        if match is None:
            raise BadRequest("The address of the request is neither a path nor a URL.")
        authority, text = match[1], match[2]
        if not text.startswith("/"):
            text = "/" + text
    if "#" in text:
        raise BadRequest("The address of a request has no fragment.")
    path, _, raw_query = text.partition("?")
    segments = tuple(decode(segment) for segment in path[1:].split("/"))
    return Target(path=path, segments=segments, raw_query=raw_query, query=_parse_query(raw_query), authority=authority)


def _parse_query(raw: str) -> Query:
    values: dict[str, tuple[str, ...]] = {}
    pairs = raw.split("&") if raw else []
    if len(pairs) > MAX_PARAMETERS:
        raise BadRequest(f"A query has at most {MAX_PARAMETERS} parameters.")
    for pair in pairs:
        name, _, value = pair.replace("+", " ").partition("=")
        name = decode(name)
        if name:
            values[name] = (*values.get(name, ()), decode(value))
    return Query(values)


def decode(text: str) -> str:
    """Percent-decode Latin-1 text that carries UTF-8. Raises `BadRequest` unless it is clean."""
    if "%" not in text and text.isascii():
        return text
    data = text.encode("latin-1")
    if _BAD_PERCENT.search(data):
        raise BadRequest("The address holds a percent sign without two hexadecimal digits.")
    try:
        decoded = _PERCENT.sub(lambda match: bytes.fromhex(match[1].decode()), data).decode()
    except UnicodeDecodeError as error:
        raise BadRequest("The address is not encoded in UTF-8.") from error
    if "\0" in decoded:
        raise BadRequest("The address holds a NUL character.")
    return decoded


def encoded(raw: str) -> str:
    """A part of a target as it came, fit for a header: bytes that are not ASCII are escaped."""
    return raw if raw.isascii() else "".join(c if c.isascii() else f"%{ord(c):02X}" for c in raw)


_cached = lru_cache(maxsize=512)(_parse)
