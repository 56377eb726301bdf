"""Logs that somebody else is writing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def lines(log: Path) -> list[str]:
    """Those that are written to their end; none where there is no log yet."""
    written = _written(log)
    return written.decode().split("\n") if written else []


def entries(log: Path) -> list[dict[str, Any]]:
    """The lines of a log that has one JSON object a line."""
    return [json.loads(line) for line in lines(log)]


def mentions(log: Path, *words: str) -> bool:
    """Whether each of `words` stands in some line."""
    written = _written(log)
    return all(word.encode() in written for word in words)


def _written(log: Path) -> bytes:
    return log.read_bytes().rpartition(b"\n")[0] if log.exists() else b""
