"""Logs that somebody else is writing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def lines(log: Path) -> list[str]:
    """Those that are written to their end; none where there is no log yet."""
    if not log.exists():
        return []
    written, _, _ = log.read_bytes().rpartition(b"\n")
    return written.decode().split("\n") if written else []


def entries(log: Path) -> list[dict[str, Any]]:
    """The lines of a log that has one JSON object a line."""
    return [json.loads(line) for line in lines(log)]


def mentions(log: Path, *words: str) -> bool:
    """Whether each of `words` stands in some line."""
    written = "\n".join(lines(log))
    return all(word in written for word in words)
