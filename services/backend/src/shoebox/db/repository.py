"""The rows, in whichever database: `ports.ImageRepository` in terms of one `_run`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Final, NamedTuple
from uuid import uuid4

from shoebox.db import queries
from shoebox.db.dialect import Dialect
from shoebox.db.pages import Pages
from shoebox.db.rows import FARTHEST, Pictures, Row, can_be_stored, columns, image_of, with_id
from shoebox.domain.errors import NotFound, Unavailable
from shoebox.domain.image import Image, NewImage
from shoebox.domain.listing import Listing, ListQuery
from shoebox.ports import Listings


class Answer(NamedTuple):
    """What a statement gave. `repeated` says that an earlier try of it, whose answer was
    lost, may have been carried out as well."""

    rows: Sequence[Row]
    repeated: bool = False


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
        self._pages = Pages(dialect, self._pictures, self._rows_together)
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

    def _rows_together(self, statement: str, parameters: Mapping[str, object]) -> Sequence[Row]:
        return self._run_together(statement, parameters).rows

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
        return self._pages.read(query)

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
