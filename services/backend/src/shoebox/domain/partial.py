"""Uploads that come in pieces."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from typing import Final

_ID: Final = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Partial:
    """An upload as it was announced, and what became of it.

    `metadata` is repeated to the client as it wrote it. `tried` is the key under which it was last
    tried to be stored; `key` says that it was.
    """

    id: str
    length: int  # bytes
    original_name: str
    collection: str | None
    metadata: str
    tried: str | None = None
    key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PartialState:
    """An upload and how far it is: `offset` bytes are durable. `touched` is when it was last
    heard of, in seconds since the epoch."""

    upload: Partial
    offset: int
    touched: float


def new_partial_id() -> str:
    """A name nobody can guess: who knows it may go on with the upload."""
    return secrets.token_hex(16)


def is_partial_id(text: str) -> bool:
    """Whether `text` has the form of what `new_partial_id` makes."""
    return _ID.fullmatch(text) is not None
