"""`ImageRepository` in memory: the rules of the port in the plainest words there are."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from shoebox.domain.errors import NotFound, StorageFull, Unavailable
from shoebox.domain.image import Image, NewImage
from shoebox.domain.listing import Cursor, Direction, Filter, Listing, ListQuery, PageNumber, SortField
from shoebox.domain.names import fold

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

VALUE: dict[SortField, Callable[[Image], int | str]] = {
    SortField.AGE: lambda image: (image.uploaded_at - EPOCH) // timedelta(microseconds=1),
    SortField.SIZE: lambda image: image.facts.size,
    SortField.NAME: lambda image: fold(image.original_name),
}


class MemoryRepository:
    """Rows in a dictionary. `away` makes every call fail like a database that left."""

    def __init__(self) -> None:
        self.away = False
        self.full = False
        self._lock = threading.RLock()
        self._rows: dict[str, Image] = {}
        self._last_id = 0
        self._leases: dict[str, float] = {}
        self._aliases: dict[str, str] = {}
        self._identity = uuid4().hex

    def add(self, image: NewImage) -> Image:
        self._check_there()
        if self.full:
            raise StorageFull("The disk of the database is full.")
        with self._lock:
            if image.key in self._rows:
                return self._rows[image.key]
            self._last_id += 1
            row = Image(
                id=self._last_id,
                key=image.key,
                original_name=image.original_name,
                facts=image.facts,
                uploaded_at=image.uploaded_at,
                collection=image.collection,
            )
            self._rows[row.key] = row
            return row

    def get(self, key: str) -> Image:
        self._check_there()
        try:
            return self._rows[key]
        except KeyError:
            raise NotFound("There is no such picture.") from None

    def find(self, number: int) -> Image:
        self._check_there()
        with self._lock:
            for image in self._rows.values():
                if image.id == number:
                    return image
        raise NotFound("There is no such picture.")

    def add_alias(self, old_name: str, key: str) -> None:
        self._check_there()
        self._aliases[old_name] = key

    def key_of(self, old_name: str) -> str:
        self._check_there()
        key = self._aliases.get(old_name, "")
        if key in self._rows:
            return key
        raise NotFound("There is no such picture.")

    def key_of_content(self, sha256: str) -> str:
        self._check_there()
        with self._lock:
            for image in self._rows.values():
                if image.facts.sha256 == sha256:
                    return image.key
        raise NotFound("There is no such picture.")

    def delete(self, key: str) -> Image:
        self._check_there()
        try:
            with self._lock:
                return self._rows.pop(key)
        except KeyError:
            raise NotFound("There is no such picture.") from None

    def page(self, query: ListQuery) -> Listing:
        self._check_there()
        with self._lock:
            value = VALUE[query.sort.field]
            ordered = sorted(
                (image for image in self._rows.values() if _is_meant(image, query.filter)),
                key=lambda image: (value(image), image.id),
                reverse=query.sort.direction is Direction.DESCENDING,
            )
        start, number = _start(ordered, query)
        images = tuple(ordered[max(start, 0) : max(start + query.size, 0)])
        return Listing(
            query=query,
            images=images,
            total=len(ordered),
            number=number,
            next=_cursor(query, images[-1:], backward=False, number=number + 1)
            if start + query.size < len(ordered)
            else None,
            previous=_cursor(query, images[:1], backward=True, number=number - 1) if start > 0 else None,
        )

    def known(self, keys: Iterable[str]) -> frozenset[str]:
        self._check_there()
        with self._lock:
            return frozenset(keys) & self._rows.keys()

    def keys(self, *, after: str = "", limit: int = 1000) -> tuple[str, ...]:
        self._check_there()
        with self._lock:
            return tuple(sorted(key for key in self._rows if key > after)[:limit])

    def images(self, *, after: str = "", limit: int = 1000) -> tuple[Image, ...]:
        self._check_there()
        with self._lock:
            return tuple(self._rows[key] for key in sorted(self._rows) if key > after)[:limit]

    def lease(self, name: str, seconds: float) -> bool:
        self._check_there()
        now = time.monotonic()
        with self._lock:
            if self._leases.get(name, now) > now:
                return False
            self._leases[name] = now + seconds
            return True

    def identity(self) -> str:
        self._check_there()
        return self._identity

    def volume(self) -> int:
        self._check_there()
        with self._lock:
            return sum(image.facts.size for image in self._rows.values())

    def ping(self) -> None:
        self._check_there()

    def _check_there(self) -> None:
        if self.away:
            raise Unavailable("The database is away.")


def _is_meant(image: Image, selection: Filter) -> bool:
    if selection.collection is not None and image.collection != selection.collection:
        return False
    return selection.text is None or selection.text in fold(image.original_name)


def _start(ordered: list[Image], query: ListQuery) -> tuple[int, int]:
    """Where the page begins (before the first picture for a backward page that is not full),
    and its number."""
    place = query.place
    if isinstance(place, PageNumber):
        return (place.number - 1) * query.size, place.number
    value = VALUE[query.sort.field]
    anchor = (place.value, place.id)
    descending = query.sort.direction is Direction.DESCENDING

    def is_after(image: Image) -> bool:
        mine = (value(image), image.id)
        return mine < anchor if descending else mine > anchor

    if place.backward:
        start = sum(1 for image in ordered if not is_after(image) and (value(image), image.id) != anchor) - query.size
    else:
        start = len(ordered) - sum(1 for image in ordered if is_after(image))
    return start, place.number if start > 0 else 1


def _cursor(query: ListQuery, edge: tuple[Image, ...], *, backward: bool, number: int) -> Cursor | None:
    """To the page beside this one. An empty page that a cursor reached leads back to where it
    came from, the anchor included; one past the last leads nowhere."""
    place = query.place
    for image in edge:
        value = VALUE[query.sort.field](image)
        return Cursor(sort=query.sort, value=value, id=image.id, backward=backward, number=max(number, 1))
    if isinstance(place, PageNumber):
        return None
    beyond = 1 if backward == (query.sort.direction is Direction.ASCENDING) else -1
    return Cursor(sort=query.sort, value=place.value, id=place.id + beyond, backward=backward, number=max(number, 1))
