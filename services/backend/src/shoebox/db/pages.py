"""The pages of a list: which statement reads one, and what its rows come to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

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
    lines,
    ordered,
    turned,
)
from shoebox.domain.listing import Cursor, Filter, Listing, ListQuery, PageNumber

NEAR: Final = 100  # rows; up to here skipping whole rows is cheaper than looking for ids first
MAX_TOTALS: Final = 1000  # filters whose last total is remembered; clients make them up
MAX_PAGES: Final = 32  # whose rows are remembered, of about 6 kB with 20 pictures and of 30 kB with 100
_NOWHERE: Final[Mapping[str, object]] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """A page as read: its pictures in the order asked for, the total, and whether there is a row
    on the other side of the cursor's place."""

    pictures: Sequence[Known]
    total: int
    neighbour: bool


class _Way(NamedTuple):
    """How a page is read: by the statement `plain` with the parameters it wants, if there is one and the
    page is not empty; else by that of `queries.page` with the parameters of `whole`."""

    shape: Shape
    whole: Mapping[str, object]
    plain: str | None
    wanted: Mapping[str, object]


class _Page(NamedTuple):
    """What a page's rows were the last time, and what they came to."""

    way: _Way
    rows: Sequence[Row]
    listing: Listing


class Pages:
    """Reads pages. `run` carries out one statement that changes nothing and gives its rows. For all
    threads: a total that is remembered is only where to begin, a page only what the same rows come to."""

    def __init__(
        self, dialect: Dialect, pictures: Pictures, run: Callable[[str, Mapping[str, object]], Sequence[Row]]
    ) -> None:
        self._dialect = dialect
        self._pictures = pictures
        self._run = run
        self._totals: dict[Filter, int] = {}
        self._pages: dict[ListQuery, _Page] = {}

    def read(self, query: ListQuery) -> Listing:
        """One page and the exact total, in one snapshot. A page past the last is empty."""
        last = self._pages.get(query)
        if last is None:
            if not can_be_stored(query.filter.collection or "", query.filter.text or ""):
                return Listing(query=query, images=(), total=0, number=query.place.number, next=None, previous=None)
            way = self._way(query)
        else:
            way = last.way
        rows = self._run(way.plain, way.wanted) if way.plain else ()
        if last and rows == last.rows:
            return last.listing
        plain = self._plain(query, way.shape, rows) if rows else None
        found = plain or self._whole(query, way)
        self._note_total(query.filter, found.total)
        listing = _listing(query, found)
        if plain:
            self._remember(query, _Page(way, rows, listing))
        return listing

    def _remember(self, query: ListQuery, page: _Page) -> None:
        if len(self._pages) >= MAX_PAGES:
            self._pages.clear()
        self._pages[query] = page

    def _note_total(self, selection: Filter, total: int) -> None:
        if len(self._totals) >= MAX_TOTALS:
            self._totals.clear()
        self._totals[selection] = total

    def _last_total(self, query: ListQuery) -> int:
        known = self._totals.get(query.filter)
        return self.read(replace(query, place=PageNumber(), size=1)).total if known is None else known

    def _way(self, query: ListQuery) -> _Way:
        """A page by number is counted from the nearer end, by what the total was when it was last
        seen: a total that has changed since makes this slower, not wrong. By a cursor one row more than the
        page is read, to know whether the page is the last on its side."""
        place = query.place
        if isinstance(place, Cursor):
            access = Access.BEFORE if place.backward else Access.AFTER
            return self._way_by(query, access, {"size": query.size + 1}, place=anchor(place, self._dialect))
        offset = _offset(query)
        access, skipped = Access.FROM_START, offset
        if offset > NEAR:
            behind = max(self._last_total(query) - offset, 0)
            if behind < offset:
                access, skipped = Access.FROM_END, behind
        return self._way_by(query, access, {"offset": offset, "size": query.size}, far=skipped > NEAR)

    def _way_by(
        self,
        query: ListQuery,
        access: Access,
        numbers: Mapping[str, int],
        *,
        place: Mapping[str, object] = _NOWHERE,
        far: bool = False,
    ) -> _Way:
        chosen = query.filter
        shape = Shape(
            sort=query.sort,
            collection=chosen.collection is not None,
            text=chosen.text is not None,
            access=access,
            skips=bool(numbers.get("offset")),
            far=far,
            indexed=chosen.text is not None and self._dialect.is_indexed(chosen.text),
        )
        wanted = {**place, "collection": chosen.collection} if shape.collection else place
        whole = {
            **wanted,
            **numbers,
            "text": None if chosen.text is None else self._dialect.pattern(chosen.text),
            "word": chosen.text,
            "few": self._few(shape),
        }
        plain = queries.plain(shape, self._dialect)
        return _Way(shape, whole, plain and self._dialect.with_numbers(plain, numbers), wanted)

    def _plain(self, query: ListQuery, shape: Shape, rows: Sequence[Row]) -> _Found | None:
        """None for what cannot be read that way."""
        total, neighbour, *_ = rows[0]
        try:
            if not self._dialect.line:
                pictures = [self._pictures.of(row[2:]) for row in rows]
            elif shape.access is Access.FROM_START:
                neighbour, count = None, min(max(total - _offset(query), 0), query.size)
                pictures = [self._pictures.of(line) for line in lines(rows[0][1], count=count)]
            else:
                pictures = [self._pictures.of(line) for _, _, line in rows]
        except Unreadable:
            return None
        if shape.access is Access.BEFORE:
            pictures.reverse()
        return _Found(pictures=pictures, total=total, neighbour=neighbour is not None)

    def _whole(self, query: ListQuery, way: _Way) -> _Found:
        rows = self._run(queries.page(way.shape, self._dialect), way.whole)
        total, neighbour, *first = rows[0]
        pictures = [] if first[ID] is None else [self._pictures.of(row[2:]) for row in rows]
        return _Found(pictures=ordered(pictures, query), total=total, neighbour=neighbour is not None)

    def _few(self, shape: Shape) -> int:
        """Up to how many matches of a search are sorted rather than walked to: ten times as many
        for a far page, a tenth where they are found by reading all names again."""
        if shape.far:
            return self._dialect.few * 10
        return self._dialect.few if shape.indexed else self._dialect.few // 10


def _listing(query: ListQuery, found: _Found) -> Listing:
    if isinstance(query.place, Cursor):
        return _by_cursor(query, query.place, found)
    offset, number = _offset(query), query.place.number
    return _page(
        query,
        found.pictures,
        total=found.total,
        number=number,
        is_first=number == 1 or not found.pictures,
        is_last=offset + len(found.pictures) >= found.total,
    )


def _offset(query: ListQuery) -> int:
    return min((query.place.number - 1) * query.size, FARTHEST)


def _by_cursor(query: ListQuery, place: Cursor, found: _Found) -> Listing:
    more = len(found.pictures) > query.size
    is_first = not more if place.backward else not found.neighbour
    return _page(
        query,
        found.pictures[-query.size :] if place.backward else found.pictures[: query.size],
        total=found.total,
        number=1 if is_first else max(place.number, 2),
        is_first=is_first,
        is_last=not found.neighbour if place.backward else not more,
    )


def _page(
    query: ListQuery, found: Sequence[Known], *, total: int, number: int, is_first: bool, is_last: bool
) -> Listing:
    return Listing(
        query=query,
        images=tuple([known.image for known in found]),
        total=total,
        number=number,
        next=None if is_last else _cursor(query, found[-1:], number=number + 1, backward=False),
        previous=None if is_first else _cursor(query, found[:1], number=max(number - 1, 1), backward=True),
    )


def _cursor(query: ListQuery, edge: Sequence[Known], *, number: int, backward: bool) -> Cursor | None:
    for known in edge:
        return beside(known, query, number=number, backward=backward)
    # The page is empty. One that a cursor reached is left the way it was come by.
    return turned(query.place, number=number) if isinstance(query.place, Cursor) else None
