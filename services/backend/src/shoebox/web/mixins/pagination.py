"""Which part of a list is asked for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from shoebox.domain.errors import BadRequest
from shoebox.domain.listing import Cursor, Filter, PageNumber, Sort
from shoebox.web.cursors import decode_cursor
from shoebox.web.target import Query

DEFAULT_SIZE: Final = 8  # pictures a page: two rows of four cards
MAX_SIZE: Final = 100  # pictures a page; more would be a download, not a page
MAX_PAGE: Final = 10**9  # times MAX_SIZE still fits an integer of the database

_NUMBER: Final = re.compile(r"[0-9]{1,10}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A place in a list and how many pictures are wanted from there."""

    place: PageNumber | Cursor
    size: int


def parse_page(query: Query, sort: Sort, selection: Filter) -> Page:
    """Read `page`, `per_page` and `cursor`. Raises `BadRequest` for what is out of range, for
    `page` beside `cursor`, and for a cursor of another sort or selection."""
    size = read_number(query, "per_page", DEFAULT_SIZE, MAX_SIZE)
    cursor = query.get("cursor")
    if cursor is None:
        return Page(place=PageNumber(number=read_number(query, "page", 1, MAX_PAGE)), size=size)
    if query.get("page") is not None:
        raise BadRequest("page and cursor exclude each other.")
    return Page(place=decode_cursor(cursor, sort, selection), size=size)


def read_number(query: Query, name: str, default: int, most: int) -> int:
    """A parameter that is a number from 1 to `most`. Raises `BadRequest` for another."""
    text = query.get(name)
    if text is None:
        return default
    value = int(text) if _NUMBER.fullmatch(text) else 0
    if not 1 <= value <= most:
        raise BadRequest(f"{name} is a number from 1 to {most}.")
    return value


class PaginationMixin:
    """Reads the place in a list."""

    def read_page(self, query: Query, sort: Sort, selection: Filter) -> Page:
        """Read `page`, `per_page` and `cursor`. Raises `BadRequest`."""
        return parse_page(query, sort, selection)
