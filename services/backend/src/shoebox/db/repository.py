"""The rows, in whichever database: `ports.ImageRepository` in terms of one `_run`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Final
from uuid import uuid4

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
    columns,
    image_of,
    ordered,
    turned,
    with_id,
)
from shoebox.domain.errors import NotFound, Unavailable
from shoebox.domain.image import Image, NewImage
from shoebox.domain.listing import Cursor, Filter, Listing, ListQuery, PageNumber
from shoebox.ports import Listings

NEAR: Final = 100  # rows; up to here skipping whole rows is cheaper than looking for ids first
MAX_TOTALS: Final = 1000  # filters whose last total is remembered; clients make them up


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a statement gave. `repeated` says that an earlier try of it, whose answer was
    lost, may have been carried out as well."""

    rows: Sequence[Row]
    repeated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """A page as read: its pictures in the order asked for, the total, and whether there is a row
    on the other side of the cursor's place."""

    pictures: Sequence[Known]
    total: int
    neighbour: bool


class NothingKept:
    """`ports.Listings` where every list is asked for anew."""

    def changing(self) -> AbstractContextManager[None]:
        """As `ports.Listings.changing`."""
        return nullcontext()


NOTHING_KEPT: Final = NothingKept()


class SqlRepository(ABC):
    """`ports.ImageRepository` over SQL. Each method is one statement, committed by itself."""

    def __init__(self, dialect: Dialect, listings: Listings = NOTHING_KEPT) -> None:
        self.dialect: Final = dialect
        self._listings = listings
        self._dialect = dialect
        self._pictures = Pictures(dialect)
        self._totals: dict[Filter, int] = {}
        self._add = dialect.spell(queries.ADD)
        self._get = dialect.spell(queries.GET)
        self._find = dialect.spell(queries.FIND)
        self._add_alias = dialect.spell(queries.ADD_ALIAS)
        self._key_of = dialect.spell(queries.KEY_OF)
        self._key_of_content = dialect.spell(queries.KEY_OF_CONTENT)
        self._delete = dialect.spell(queries.DELETE)
        self._keys = dialect.spell(queries.KEYS)
        self._images = dialect.spell(queries.IMAGES)
        self._known = dialect.spell(queries.known(dialect))
        self._lease = dialect.spell(queries.lease(dialect))

    @abstractmethod
    def _run(self, statement: str, parameters: Mapping[str, object]) -> Answer:
        """Carry out one statement and commit it; twice, if the answer to the first try is
        lost. Raises nothing but `Unavailable` and `StorageFull`."""

    def _run_together(self, statement: str, parameters: Mapping[str, object]) -> Answer:
        """As `_run` of what changes nothing; those who want the same at once may share what was
        asked for after each of them came."""
        return self._run(statement, parameters)

    def _run_at_once(self, statement: str, parameters: Mapping[str, object]) -> Answer:
        """As `_run`, not waiting for a database that is away."""
        return self._run(statement, parameters)

    def add(self, image: NewImage) -> Image:
        """Insert one row. When this raises `Unavailable` the row may be there nevertheless,
        because the answer to a commit can get lost: the file must be left to the sweeper."""
        with self._listings.changing():
            rows = self._run(self._add, columns(image, self._dialect)).rows
        if rows:
            return with_id(image, rows[0][0])
        for row in self._run(self._get, {"key": image.key}).rows:
            stored = image_of(row, self._dialect)
            if stored == with_id(image, stored.id):
                return stored
        raise Unavailable("The name made for this picture is taken; upload it again.")

    def get(self, key: str) -> Image:
        """Raises `NotFound`."""
        for row in self._run(self._get, {"key": key}).rows if can_be_stored(key) else ():
            return self._pictures.of(row).image
        raise NotFound(f"There is no picture '{key}'.")

    def find(self, number: int) -> Image:
        """By id. Raises `NotFound`."""
        for row in self._run(self._find, {"id": number}).rows if abs(number) <= FARTHEST else ():
            return image_of(row, self._dialect)
        raise NotFound(f"There is no picture number {number}.")

    def add_alias(self, old_name: str, key: str) -> None:
        """Let `old_name` stand for the picture `key`; the newer word counts."""
        self._run(self._add_alias, {"old_name": old_name, "key": key})

    def key_of(self, old_name: str) -> str:
        """The key of the picture an older system called so. Raises `NotFound`."""
        known = can_be_stored(old_name)
        for (key,) in self._run(self._key_of, {"old_name": old_name}).rows if known else ():
            return str(key)
        raise NotFound(f"There is no picture '{old_name}'.")

    def key_of_content(self, sha256: str) -> str:
        """The key of a picture that holds these bytes. Raises `NotFound`."""
        for (key,) in self._run(self._key_of_content, {"sha256": bytes.fromhex(sha256)}).rows:
            return str(key)
        raise NotFound("There is no such picture.")

    def delete(self, key: str) -> Image:
        """Of parallel calls exactly one succeeds, the others raise `NotFound`.

        Where the answer to a first try was lost and the row is gone, nobody can tell whose
        deletion that was: it is `Unavailable`, neither a success nor a `NotFound`.
        """
        answer = Answer(rows=())
        if can_be_stored(key):
            with self._listings.changing():
                answer = self._run(self._delete, {"key": key})
        for row in answer.rows:
            return image_of(row, self._dialect)
        if answer.repeated:
            raise Unavailable("The database went away during the deletion; look whether the picture is still there.")
        raise NotFound(f"There is no picture '{key}'.")

    def page(self, query: ListQuery) -> Listing:
        """One page and the exact total, in one snapshot. A page past the last is empty."""
        if not can_be_stored(query.filter.collection or "", query.filter.text or ""):
            return Listing(query=query, images=(), total=0, number=query.place.number, next=None, previous=None)
        if isinstance(query.place, PageNumber):
            return self._page_by_number(query, query.place)
        return self._page_by_cursor(query, query.place)

    def known(self, keys: Iterable[str]) -> frozenset[str]:
        """Which of these keys have a row; at most 1,000 keys a call."""
        asked = [key for key in keys if can_be_stored(key)]
        return frozenset(key for (key,) in self._run(self._known, {"keys": self._dialect.several(asked)}).rows)

    def keys(self, *, after: str = "", limit: int = 1000) -> tuple[str, ...]:
        """The next keys in key order."""
        return tuple(key for (key,) in self._run(self._keys, {"after": after, "limit": limit}).rows)

    def images(self, *, after: str = "", limit: int = 1000) -> tuple[Image, ...]:
        """The next pictures in key order."""
        rows = self._run(self._images, {"after": after, "limit": limit}).rows
        return tuple(image_of(row, self._dialect) for row in rows)

    def lease(self, name: str, seconds: float) -> bool:
        """Take a named lease, by the database's clock. If the answer is lost, it is held by
        nobody until it expires."""
        return bool(self._run(self._lease, {"name": name, "seconds": seconds}).rows)

    def volume(self) -> int:
        """Bytes of all pictures together."""
        return int(self._run(queries.VOLUME, {}).rows[0][0])

    def identity(self) -> str:
        """Who this database is: 32 hexadecimal digits, made when they are first asked for."""
        rows = self._run(queries.IDENTITY, {}).rows or self.execute(queries.MAKE_IDENTITY, {"identity": uuid4().hex})
        return str(rows[0][0])

    def forget_identity(self) -> None:
        """Be somebody else from now on: a database that was restored is not the one that was dumped."""
        self._run(queries.FORGET_IDENTITY, {})

    def execute(self, statement: str, parameters: Mapping[str, object]) -> Sequence[Row]:
        """The rows of one statement with `:name` parameters, for what stands beside the pictures.
        It may be carried out twice. Raises nothing but `Unavailable` and `StorageFull`."""
        return self._run(self._dialect.spell(statement), parameters).rows

    def ping(self) -> None:
        """Read a counter. Does not wait for a database that is away: raises `Unavailable`."""
        self._run_at_once(queries.PING, {})

    def _page_by_number(self, query: ListQuery, place: PageNumber) -> Listing:
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

    def _page_by_cursor(self, query: ListQuery, place: Cursor) -> Listing:
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
        rows = self._run_together(statement, parameters).rows if statement else ()
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
        rows = self._run_together(queries.page(shape, self._dialect), parameters).rows
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
