"""Cursors as clients carry them: opaque, short, believed only after every field is checked.

They need no signature: a forged one asks for a place in the order, which any client may see.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
from functools import lru_cache
from typing import Final

from shoebox.domain.errors import BadRequest
from shoebox.domain.listing import Cursor, Filter, Sort, SortField
from shoebox.web.response import json_bytes

MAX_CURSOR: Final = 4096  # characters; a folded name of 255 characters may take 3,100
MAX_FOLDED_NAME: Final = 1024  # characters; folding makes 255 characters three times as long at most
MAX_NUMBER: Final = 2**63 - 1  # what both databases hold in an integer

_FORM: Final = re.compile(r"[A-Za-z0-9_-]+")


def encode_cursor(cursor: Cursor, selection: Filter) -> str:
    """The cursor as one word that may stand in a URL."""
    fields = [
        cursor.sort.field.value,
        cursor.sort.direction.value,
        cursor.value,
        cursor.id,
        int(cursor.backward),
        cursor.number,
        _digest(selection),
    ]
    return base64.urlsafe_b64encode(json_bytes(fields)).rstrip(b"=").decode()


def decode_cursor(text: str, sort: Sort, selection: Filter) -> Cursor:
    """The place that `text` names in this sort and selection. Raises `BadRequest`."""
    fields = _fields(text)
    match fields:
        case [str(name), str(direction), int() | str() as value, int(row), 0 | 1 as backward, int(number), str(digest)]:
            pass
        case _:
            raise BadRequest("The cursor cannot be read.")
    if (name, direction) != (sort.field.value, sort.direction.value):
        raise BadRequest("The cursor belongs to another sort order.")
    if digest != _digest(selection):
        raise BadRequest("The cursor belongs to another collection or search.")
    if not (_is_anchor(value, sort) and _is_number(row) and _is_number(number)):
        raise BadRequest("The cursor cannot be read.")
    return Cursor(sort=sort, value=value, id=row, backward=bool(backward), number=number)


def _fields(text: str) -> object:
    if len(text) > MAX_CURSOR or _FORM.fullmatch(text) is None:
        raise BadRequest("The cursor cannot be read.")
    try:
        return json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (binascii.Error, ValueError, RecursionError) as error:
        raise BadRequest("The cursor cannot be read.") from error


def _is_anchor(value: int | str, sort: Sort) -> bool:
    if sort.field is SortField.NAME:
        return isinstance(value, str) and len(value) <= MAX_FOLDED_NAME and _is_storable(value)
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) <= MAX_NUMBER


def _is_storable(text: str) -> bool:
    return "\0" not in text and not any("\ud800" <= c <= "\udfff" for c in text)


def _is_number(value: int) -> bool:
    return not isinstance(value, bool) and 1 <= value <= MAX_NUMBER


@lru_cache(maxsize=64)
def _digest(selection: Filter) -> str:
    # A collection holds no NUL, so the two parts cannot run into each other.
    text = f"{selection.collection or ''}\0{selection.text or ''}"
    return hashlib.blake2b(text.encode(), digest_size=6).hexdigest()
