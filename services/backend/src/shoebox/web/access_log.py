"""One line a request, formatted once and written once.

Whatever the client sent is quoted where it stands, so that no text of a stranger can end a
line or forge a field of it.
"""

from __future__ import annotations

import json
import logging
import re
import time
from collections.abc import Callable
from functools import lru_cache
from json.encoder import encode_basestring_ascii
from typing import Final, NamedTuple

MAX_TARGET: Final = 1024  # characters of the address that are kept

_PLAIN: Final = re.compile(r"[!#-<>-\[\]-~]*")  # printable ASCII without space, quote, = and backslash

AccessLog = Callable[["Entry"], object]


class Entry(NamedTuple):
    """What is said about one request. `seconds` from the first byte of the head to the last
    of the answer; `sent` is bytes of the body; `route` is the template that the path fits, "" if
    it fits none. Logs hold the path itself."""

    request_id: str
    client: str
    method: str
    target: str
    status: int
    sent: int
    seconds: float
    route: str = ""


def text_line(entry: Entry) -> bytes:
    """The line for people, in the form of all other lines of the log."""
    target = _quoted(entry.target)
    return (
        f"{_now()} INFO shoebox.access {entry.request_id or '-'} request client={entry.client} method={entry.method}"
        f" target={target} status={entry.status} sent={entry.sent} ms={entry.seconds * 1000:.2f}\n"
    ).encode("ascii", "backslashreplace")


def json_line(entry: Entry) -> bytes:
    """The line for programs: one JSON object."""
    line = {
        "asctime": _now(),
        "name": "shoebox.access",
        "levelname": "INFO",
        "message": "request",
        "request_id": entry.request_id or None,
        "client": entry.client,
        "method": entry.method,
        "target": entry.target[:MAX_TARGET],
        "status": entry.status,
        "sent": entry.sent,
        "ms": round(entry.seconds * 1000, 2),
    }
    return json.dumps(line).encode() + b"\n"


def write_lines(sink: Callable[[bytes], object], *, style: str) -> AccessLog:
    """An access log that hands each finished line to `sink`; the fast one."""
    line = json_line if style == "json" else text_line
    return lambda entry: sink(line(entry))


def through(logger: logging.Logger) -> AccessLog:
    """An access log through a logger and its formatter; several times slower."""

    def record(entry: Entry) -> None:
        fields = entry._asdict()
        del fields["request_id"], fields["seconds"], fields["route"]
        fields["target"] = entry.target[:MAX_TARGET]
        logger.info("request", extra=fields | {"ms": round(entry.seconds * 1000, 2)})

    return record


def _quoted(target: str) -> str:
    target = target[:MAX_TARGET]
    return target if _PLAIN.fullmatch(target) else encode_basestring_ascii(target)


def _now() -> str:
    seconds, micros = divmod(time.time_ns() // 1000, 1_000_000)
    return f"{_second(seconds)}.{micros:06d}Z"


@lru_cache(maxsize=2)
def _second(seconds: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
