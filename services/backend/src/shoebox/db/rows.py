"""Between the domain's values and a row's columns."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

from shoebox.db.dialect import Dialect
from shoebox.domain.image import Facts, Format, Image, NewImage
from shoebox.domain.listing import Cursor, Direction, ListQuery, SortField
from shoebox.domain.names import fold

Row = Sequence[Any]

# In this order everywhere a whole row is read.
COLUMNS: Final = "id key original_name size width height format uploaded_at sha256 color collection name_key".split()
ORDER: Final = {SortField.AGE: "uploaded_at", SortField.SIZE: "size", SortField.NAME: "name_key"}
ID: Final = COLUMNS.index("id")

NAME_KEY: Final = COLUMNS.index("name_key")

# The values of a line, and lines; made for this, and in no name that came by an upload.
BETWEEN: Final = "\x1f"
BETWEEN_LINES: Final = "\x1e"
MAX_KNOWN: Final = 1024  # pictures that a process remembers, of about 1 kB: 50 pages of 20
FARTHEST: Final = 2**62  # rows, ids, bytes; past this both databases run out of integers
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_UNSTORABLE: Final = re.compile("[\0\ud800-\udfff]")
_MICROSECOND: Final = timedelta(microseconds=1)


def microseconds(time: datetime) -> int:
    """An aware time as microseconds since the epoch, exactly."""
    return (time - EPOCH) // _MICROSECOND


_FIRST: Final = microseconds(datetime.min.replace(tzinfo=UTC))
_LAST: Final = microseconds(datetime.max.replace(tzinfo=UTC))


def moment(since_epoch: int) -> datetime:
    """The reverse of `microseconds`. What no calendar has becomes the nearest that one does,
    so that a made-up cursor finds nothing instead of breaking the arithmetic."""
    return EPOCH + timedelta(microseconds=min(max(since_epoch, _FIRST), _LAST))


def can_be_stored(*texts: str) -> bool:
    """Whether a database could hold these. If not, no row has them: PostgreSQL refuses NUL,
    and neither takes half of a surrogate pair."""
    return not any(map(_UNSTORABLE.search, texts))


def columns(image: NewImage, dialect: Dialect) -> dict[str, object]:
    """What is inserted for a picture, by column."""
    facts = image.facts
    return {
        "key": image.key,
        "original_name": image.original_name,
        "name_key": fold(image.original_name),
        "size": facts.size,
        "width": facts.width,
        "height": facts.height,
        "format": facts.format.value,
        "uploaded_at": dialect.time_in(image.uploaded_at),
        "sha256": bytes.fromhex(facts.sha256),
        "color": facts.color,
        "collection": image.collection,
    }


def image_of(row: Row, dialect: Dialect) -> Image:
    """The picture that a row of `COLUMNS` holds."""
    number, key, original_name, size, width, height, extension, uploaded_at, sha256, color, collection, _ = row
    return Image(
        id=number,
        key=key,
        original_name=original_name,
        facts=Facts(
            format=Format(extension),
            width=width,
            height=height,
            size=size,
            sha256=dialect.digest_out(sha256),
            color=color,
        ),
        uploaded_at=dialect.time_out(uploaded_at),
        collection=collection,
    )


class Known(NamedTuple):
    """A picture and its name as it is sorted by."""

    image: Image
    name_key: str


class Pictures:
    """Pictures made of rows. Those of the last pages are remembered, so that the same row gives the
    same picture again. For all threads: looking and remembering are one step each."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._known: dict[Row, Known] = {}

    def of(self, row: Row) -> Known:
        """The picture that a row of `COLUMNS` holds, or a line of such a row. A row that was changed
        is another one. Raises `Unreadable`."""
        known = self._known.get(row)
        if known is None:
            columns = cells(row) if isinstance(row, str) else row
            known = Known(image_of(columns, self._dialect), columns[NAME_KEY])
            if len(self._known) >= MAX_KNOWN:
                self._known.clear()
            self._known[row] = known
        return known


class Unreadable(Exception):
    """A value in a line holds what stands between values, or between lines."""


def lines(text: str, *, count: int) -> list[str]:
    """The lines of a text that holds `count`. Raises `Unreadable`."""
    found = text.split(BETWEEN_LINES) if text else []
    if len(found) != count:
        raise Unreadable
    return found


def cells(line: str) -> Row:
    """A row of `COLUMNS` that is written as one line. Raises `Unreadable`."""
    found = line.split(BETWEEN)
    if len(found) != len(COLUMNS):
        raise Unreadable
    number, key, original_name, size, width, height, *others, collection, name_key = found
    return int(number), key, original_name, int(size), int(width), int(height), *others, collection or None, name_key


def with_id(image: NewImage, number: int) -> Image:
    """The picture as it is now that it has a row."""
    return Image(
        id=number,
        key=image.key,
        original_name=image.original_name,
        facts=image.facts,
        uploaded_at=image.uploaded_at,
        collection=image.collection,
    )


def ordered(found: Sequence[Known], query: ListQuery) -> list[Known]:
    """A page's pictures in the order asked for. Python compares text by code point, as both
    databases do here."""
    descending = query.sort.direction is Direction.DESCENDING
    return sorted(found, key=lambda known: (_value(known, query), known.image.id), reverse=descending)


def beside(known: Known, query: ListQuery, *, number: int, backward: bool) -> Cursor:
    """The cursor to the rows right after a picture's, or right before it."""
    return Cursor(sort=query.sort, value=_value(known, query), id=known.image.id, backward=backward, number=number)


def _value(known: Known, query: ListQuery) -> int | str:
    if query.sort.field is SortField.AGE:
        return microseconds(known.image.uploaded_at)
    return known.image.facts.size if query.sort.field is SortField.SIZE else known.name_key


def turned(place: Cursor, *, number: int) -> Cursor:
    """The cursor the other way, from just beyond its place: a row at the place itself,
    which the one way leaves out, is in the page that the other way reaches."""
    backward = not place.backward
    beyond = 1 if backward == (place.sort.direction is Direction.ASCENDING) else -1
    return Cursor(sort=place.sort, value=place.value, id=place.id + beyond, backward=backward, number=number)


def anchor(place: Cursor, dialect: Dialect) -> dict[str, object]:
    """A cursor's place as parameters. Only numbers a database can compare are let through."""
    if place.sort.field is SortField.AGE and isinstance(place.value, int):
        value: object = dialect.time_in(moment(place.value))
    else:
        value = _within_reach(place.value) if isinstance(place.value, int) else place.value
    return {"value": value, "id": _within_reach(place.id)}


def _within_reach(number: int) -> int:
    return min(max(number, -FARTHEST), FARTHEST)
