"""The pages of a list: which statement reads one, and what its rows come to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from shoebox.db import queries
from shoebox.db.dialect import Dialect
from shoebox.db.queries import Access, Shape
from shoebox.db.rows import (
    FARTHEST,
    ID,
    Known,
    Pictures,
    Row,
    Unreadable,
    anchor,
    beside,
    can_be_stored,
    ordered,
    turned,
)
from shoebox.domain.listing import Cursor, Filter, Listing, ListQuery, PageNumber

NEAR: Final = 100  # rows; up to here skipping whole rows is cheaper than looking for ids first
MAX_TOTALS: Final = 1000  # filters whose last total is remembered; clients make them up


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """A page as read: its pictures in the order asked for, the total, and whether there is a row
    on the other side of the cursor's place."""

    pictures: Sequence[Known]
    total: int
    neighbour: bool


class Pages:
    """Reads pages. `run` carries out one statement that changes nothing and gives its rows. For all
    threads: a total that is remembered is only where to begin."""

    def __init__(
        self, dialect: Dialect, pictures: Pictures, run: Callable[[str, Mapping[str, object]], Sequence[Row]]
    ) -> None:
        self._dialect = dialect
        self._pictures = pictures
        self._run = run
        self._totals: dict[Filter, int] = {}

    def read(self, query: ListQuery) -> Listing:
        """One page and the exact total, in one snapshot. A page past the last is empty."""
        if not can_be_stored(query.filter.collection or "", query.filter.text or ""):
            return Listing(query=query, images=(), total=0, number=query.place.number, next=None, previous=None)
        if isinstance(query.place, PageNumber):
            return self._by_number(query, query.place)
        return self._by_cursor(query, query.place)

    def _by_number(self, query: ListQuery, place: PageNumber) -> Listing:
        """Counted from the nearer end, by what the total was when it was last seen: a total
        that has changed since makes this slower, not wrong."""
        offset, number = min((place.number - 1) * query.size, FARTHEST), place.number
        access, skipped = Access.FROM_START, offset
        if offset > NEAR:
            behind = max(self._last_total(query) - offset, 0)
            if behind < offset:
                access, skipped = Access.FROM_END, behind
        found = self._read(query, access, {"offset": offset, "size": query.size}, far=skipped > NEAR)
        return self._listing(
            query,
            found.pictures,
            total=found.total,
            number=number,
            is_first=number == 1 or not found.pictures,
            is_last=offset + len(found.pictures) >= found.total,
        )

    def _last_total(self, query: ListQuery) -> int:
        known = self._totals.get(query.filter)
        return self._read(query, Access.FROM_START, {"offset": 0, "size": 1}).total if known is None else known

    def _by_cursor(self, query: ListQuery, place: Cursor) -> Listing:
        """One row more than the page is read, to know whether the page is the last on its side."""
        access = Access.BEFORE if place.backward else Access.AFTER
        found = self._read(query, access, anchor(place, self._dialect) | {"size": query.size + 1})
        more = len(found.pictures) > query.size
        is_first = not more if place.backward else not found.neighbour
        return self._listing(
            query,
            found.pictures[-query.size :] if place.backward else found.pictures[: query.size],
            total=found.total,
            number=1 if is_first else max(place.number, 2),
            is_first=is_first,
            is_last=not found.neighbour if place.backward else not more,
        )

    def _read(self, query: ListQuery, access: Access, place: Mapping[str, object], *, far: bool = False) -> _Found:
        chosen = query.filter
        shape = Shape(
            sort=query.sort,
            collection=chosen.collection is not None,
            text=chosen.text is not None,
            access=access,
            skips=bool(place.get("offset")),
            far=far,
            indexed=chosen.text is not None and self._dialect.is_indexed(chosen.text),
        )
        parameters = {
            "collection": chosen.collection,
            "text": None if chosen.text is None else self._dialect.pattern(chosen.text),
            "word": chosen.text,
            "few": self._few(shape),
            **place,
        }
        found = self._read_plainly(shape, parameters) or self._read_whole(query, shape, parameters)
        if len(self._totals) >= MAX_TOTALS:
            self._totals.clear()
        self._totals[chosen] = found.total
        return found

    def _read_plainly(self, shape: Shape, parameters: Mapping[str, object]) -> _Found | None:
        """None for an empty page, of which another statement has to tell, and for one that cannot be
        read that way."""
        statement = queries.plain(shape, self._dialect)
        rows = self._run(statement, parameters) if statement else ()
        if not rows:
            return None
        try:
            pictures = [self._pictures.of(row[2] if self._dialect.line else row[2:]) for row in rows]
        except Unreadable:
            return None
        if shape.access is Access.BEFORE:
            pictures.reverse()
        total, neighbour, *_ = rows[0]
        return _Found(pictures=pictures, total=total, neighbour=neighbour is not None)

    def _read_whole(self, query: ListQuery, shape: Shape, parameters: Mapping[str, object]) -> _Found:
        rows = self._run(queries.page(shape, self._dialect), parameters)
        total, neighbour, *first = rows[0]
        pictures = [] if first[ID] is None else [self._pictures.of(row[2:]) for row in rows]
        return _Found(pictures=ordered(pictures, query), total=total, neighbour=neighbour is not None)

    def _few(self, shape: Shape) -> int:
        """Up to how many matches of a search are sorted rather than walked to: ten times as many
        for a far page, a tenth where they are found by reading all names again."""
        if shape.far:
            return self._dialect.few * 10
        return self._dialect.few if shape.indexed else self._dialect.few // 10

    def _listing(
        self, query: ListQuery, found: Sequence[Known], *, total: int, number: int, is_first: bool, is_last: bool
    ) -> Listing:
        return Listing(
            query=query,
            images=tuple([known.image for known in found]),
            total=total,
            number=number,
            next=None if is_last else self._cursor(query, found[-1:], number=number + 1, backward=False),
            previous=None if is_first else self._cursor(query, found[:1], number=max(number - 1, 1), backward=True),
        )

    def _cursor(self, query: ListQuery, edge: Sequence[Known], *, number: int, backward: bool) -> Cursor | None:
        for known in edge:
            return beside(known, query, number=number, backward=backward)
        # The page is empty. One that a cursor reached is left the way it was come by.
        return turned(query.place, number=number) if isinstance(query.place, Cursor) else None
