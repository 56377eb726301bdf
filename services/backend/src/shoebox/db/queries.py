"""Every statement, once, for both databases. Parameters are `:name`; there is no other colon.

A list page is one statement, so its rows and its total are of one snapshot. It never counts
the table (the total is the sum of a few counter rows; only the matches of a search are
counted) and never sorts it (each order has an index that ends in the id).

A search counts its matches and then takes one of two ways: up to `:few` are looked up and
sorted; where there are more, the order's index is walked, which soon meets one. A database
that had to foresee their number would read the whole table for a word that it wrongly believes
common.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import cache
from typing import Final, NamedTuple

from shoebox.db.dialect import Dialect
from shoebox.db.rows import COLUMNS, ORDER
from shoebox.domain.listing import Direction, Sort

_ROW: Final = ", ".join(COLUMNS)

# A key is random, so a row that is there already was put there by this same call, whose
# answer got lost. Saying it again is therefore safe.
ADD: Final = """
INSERT INTO images (key, original_name, name_key, size, width, height, format, uploaded_at, sha256, color, collection)
VALUES (:key, :original_name, :name_key, :size, :width, :height, :format, :uploaded_at, :sha256, :color, :collection)
ON CONFLICT (key) DO NOTHING RETURNING id"""
GET: Final = f"SELECT {_ROW} FROM images WHERE key = :key"
FIND: Final = f"SELECT {_ROW} FROM images WHERE id = :id"
ADD_ALIAS: Final = """
INSERT INTO aliases (old_name, key) VALUES (:old_name, :key)
ON CONFLICT (old_name) DO UPDATE SET key = excluded.key RETURNING key"""
KEY_OF: Final = """
SELECT images.key FROM aliases JOIN images ON images.key = aliases.key WHERE aliases.old_name = :old_name"""
KEY_OF_CONTENT: Final = "SELECT key FROM images WHERE sha256 = :sha256 LIMIT 1"
DELETE: Final = f"DELETE FROM images WHERE key = :key RETURNING {_ROW}"
KEYS: Final = "SELECT key FROM images WHERE key > :after ORDER BY key LIMIT :limit"
IMAGES: Final = f"SELECT {_ROW} FROM images WHERE key > :after ORDER BY key LIMIT :limit"
VOLUME: Final = "SELECT CAST(coalesce(sum(size), 0) AS bigint) FROM images"
IDENTITY: Final = "SELECT identity FROM database_identity"
# Of two that make one at once, both are told the first.
MAKE_IDENTITY: Final = """
INSERT INTO database_identity (one, identity) VALUES (1, :identity)
ON CONFLICT (one) DO UPDATE SET one = excluded.one RETURNING identity"""
FORGET_IDENTITY: Final = "DELETE FROM database_identity RETURNING identity"
PING: Final = "SELECT sum(n) FROM image_counts WHERE collection = ''"


class Access(Enum):
    """How a page is reached."""

    FROM_START = "skipping the rows before it"
    FROM_END = "skipping the rows behind it"
    AFTER = "the rows after a cursor's place"
    BEFORE = "the rows before a cursor's place"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """All that decides a page statement's text. `skips` says that rows will be skipped, `far` that
    they are many, `indexed` that an index knows where the text searched for may be."""

    sort: Sort
    collection: bool
    text: bool
    access: Access
    skips: bool = False
    far: bool = False
    indexed: bool = False


def known(dialect: Dialect) -> str:
    """Those of `:keys` that have a row."""
    return f"SELECT key FROM images WHERE {dialect.one_of}"


def lease(dialect: Dialect) -> str:
    """One row if the lease `:name` is ours for `:seconds` from now on, none if it is held."""
    return f"""
INSERT INTO leases (name, until) VALUES (:name, {dialect.now} + :seconds)
ON CONFLICT (name) DO UPDATE SET until = excluded.until WHERE leases.until <= {dialect.now}
RETURNING name"""


def hold(dialect: Dialect) -> str:
    """As `lease`, also if it is `:mine`, which is until when the holder
    has it and nobody else: the answer is the new one."""
    return f"""
INSERT INTO leases (name, until) VALUES (:name, {dialect.now} + :seconds)
ON CONFLICT (name) DO UPDATE SET until = excluded.until WHERE leases.until <= {dialect.now} OR leases.until = :mine
RETURNING until"""


@cache
def page(shape: Shape, dialect: Dialect) -> str:
    """The statement for one page, in the driver's words.

    Rows are (total, neighbour, *COLUMNS) in no particular order. There is always at least
    one; its columns are NULL when the page is empty. `neighbour` is the id of a row on the
    other side of the cursor's place, NULL if there is none (and for pages by number).
    """
    by_cursor = shape.access in {Access.AFTER, Access.BEFORE}
    return dialect.spell(_by_cursor(shape, dialect) if by_cursor else _by_number(shape, dialect))


@cache
def plain(shape: Shape, dialect: Dialect) -> str | None:
    """The statement for one page that very likely holds something; None where there is none.

    Its rows are those of `page` in the order of the walk or, where the dialect knows lines, (total, neighbour,
    line) after or before a cursor, and else one row (total, lines). An empty page has no row at all after
    or before a cursor and where the dialect knows no lines, so that nothing is known of it. PostgreSQL, which
    plans each anew, needs half the time for this one.
    """
    if shape.text or shape.far or shape.access is Access.FROM_END:
        return None
    if shape.access is Access.FROM_START and dialect.line:
        return dialect.spell(_in_one_row(shape, dialect))
    columns = f"({_total(shape)}) AS total, {{}} AS neighbour, {dialect.line or _ROW}"
    if shape.access is Access.FROM_START:
        return dialect.spell(_chosen(shape, dialect, _from_start(shape), columns=columns.format("NULL")))
    sides = _sides(shape)
    neighbour = f"({_chosen(shape, dialect, sides.nearest, sides.other, columns='id')})"
    return dialect.spell(_chosen(shape, dialect, sides.window, sides.this, columns=columns.format(neighbour)))


def _in_one_row(shape: Shape, dialect: Dialect) -> str:
    lines = _chosen(shape, dialect, _from_start(shape), columns=dialect.line)
    if shape.skips:
        # Lines are written of what is found, not of what is skipped.
        found = _chosen(shape, dialect, _from_start(shape))
        lines = f"SELECT {dialect.line} FROM ({found}) AS found ORDER BY {_order(shape)}"
    return _total(shape, beside=f", {dialect.lines.format(lines)} AS lines")


def _from_start(shape: Shape) -> str:
    return f"ORDER BY {_order(shape)} LIMIT :size OFFSET :offset"


def _by_number(shape: Shape, dialect: Dialect) -> str:
    window = _from_start(shape)
    if shape.access is Access.FROM_END:
        window = f"""ORDER BY {_order(shape, backward=True)}
        LIMIT (SELECT CASE WHEN :offset >= total THEN 0 WHEN total - :offset < :size THEN total - :offset
                      ELSE :size END FROM counted)
        OFFSET (SELECT CASE WHEN total - :offset > :size THEN total - :offset - :size ELSE 0 END FROM counted)"""
    return f"""
{_counted(shape, dialect)}
SELECT counted.total, NULL, row.* FROM counted LEFT JOIN ({_chosen(shape, dialect, window)}) AS row ON TRUE"""


def _by_cursor(shape: Shape, dialect: Dialect) -> str:
    sides = _sides(shape)
    return f"""
{_counted(shape, dialect)}
SELECT counted.total, beside.neighbour, row.* FROM counted
CROSS JOIN (SELECT ({_chosen(shape, dialect, sides.nearest, sides.other, columns="id")}) AS neighbour) AS beside
LEFT JOIN ({_chosen(shape, dialect, sides.window, sides.this)}) AS row ON TRUE"""


class _Sides(NamedTuple):
    """The conditions on both sides of a cursor's place; the page's window, and that of the row on
    the other side that is nearest to it."""

    this: str
    other: str
    window: str
    nearest: str


def _sides(shape: Shape) -> _Sides:
    column, backward = ORDER[shape.sort.field], shape.access is Access.BEFORE
    further = ">" if (shape.sort.direction is Direction.ASCENDING) is not backward else "<"
    return _Sides(
        this=f"({column}, id) {further} (:value, :id)",
        other=f"({column}, id) {'<' if further == '>' else '>'}= (:value, :id)",
        window=f"ORDER BY {_order(shape, backward=backward)} LIMIT :size",
        nearest=f"ORDER BY {_order(shape, backward=not backward)} LIMIT 1",
    )


def _counted(shape: Shape, dialect: Dialect) -> str:
    """The tables beside `images` that the rest of the statement reads: `counted`, one row."""
    if not shape.text:
        return f"WITH counted AS MATERIALIZED (SELECT ({_total(shape)}) AS total)"
    found = _where(shape, dialect.contains if shape.indexed else dialect.within)
    return f"""
WITH counted AS MATERIALIZED (SELECT (SELECT count(*) FROM images {found}) AS total),
matches AS MATERIALIZED (
    SELECT id AS place FROM images {found} AND (SELECT total FROM counted) BETWEEN 1 AND :few LIMIT :few
)"""


def _total(shape: Shape, *, beside: str = "") -> str:
    """How many pictures there are, or in the collection."""
    collection = ":collection" if shape.collection else "''"
    return (
        f"SELECT CAST(coalesce(sum(n), 0) AS bigint) AS total{beside} FROM image_counts WHERE collection = {collection}"
    )


def _chosen(shape: Shape, dialect: Dialect, window: str, *conditions: str, columns: str = _ROW) -> str:
    """The rows of a window, which orders and limits them."""
    if shape.text:
        many = _where(shape, "(SELECT total FROM counted) > :few", dialect.within, *conditions)
        return f"""
    SELECT * FROM (
        SELECT {columns} FROM matches JOIN images ON images.id = matches.place {_where(shape, *conditions)} {window}
    ) AS few
    UNION ALL SELECT * FROM ({_places_first(columns, many, window)}) AS many"""
    if shape.far:
        return _places_first(columns, _where(shape, *conditions), window)
    return f"SELECT {columns} FROM images {_where(shape, *conditions)} {window}"


def _places_first(columns: str, where: str, window: str) -> str:
    # Skipping over an index alone is many times faster than over rows. The outer LIMIT
    # changes no result: it tells PostgreSQL, which cannot foresee what the inner one
    # comes to, that few rows are wanted.
    return f"""SELECT {columns} FROM (
            SELECT id AS place FROM images {where} {window}
        ) AS places JOIN images ON images.id = places.place LIMIT :size"""


def _where(shape: Shape, *conditions: str) -> str:
    chosen = ["collection = :collection"] * shape.collection + list(conditions)
    return f"WHERE {' AND '.join(chosen)}" if chosen else ""


def _order(shape: Shape, *, backward: bool = False) -> str:
    word = "ASC" if (shape.sort.direction is Direction.ASCENDING) is not backward else "DESC"
    return f"{ORDER[shape.sort.field]} {word}, id {word}"
