"""A question to the gallery and its answer."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from shoebox.domain.image import Image


class SortField(Enum):
    """What a list is ordered by. Ties are always broken by id, in the same direction."""

    AGE = "sort_age"
    SIZE = "sort_size"
    NAME = "sort_name"


class Direction(Enum):
    """Which end comes first."""

    ASCENDING = "asc"
    DESCENDING = "desc"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sort:
    """A total order over the pictures."""

    field: SortField = SortField.AGE
    direction: Direction = Direction.DESCENDING


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which pictures are meant. `text` is folded (`names.fold`) and matches literally."""

    collection: str | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PageNumber:
    """Access by position: page `number` counts from 1."""

    number: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """Access by neighbour: the pictures right after (or before) a place in the order.

    `value` is the anchor's sort value: microseconds since the epoch, bytes, or folded name.
    `backward` asks for the page that ends before the anchor. `number` is the page number
    this page would have if nothing had changed since; it is for show only.
    """

    sort: Sort
    value: int | str
    id: int
    backward: bool
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ListQuery:
    """One list request, complete."""

    sort: Sort = Sort()
    filter: Filter = Filter()
    place: PageNumber | Cursor = PageNumber()
    size: int = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """One page of the gallery, taken in one snapshot together with its total."""

    query: ListQuery
    images: tuple[Image, ...]
    total: int
    number: int
    next: Cursor | None
    previous: Cursor | None

    @property
    def pages(self) -> int:
        """How many pages of this size the whole selection has; 0 when it is empty."""
        return -(-self.total // self.query.size)
