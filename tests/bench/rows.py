"""Rows by the million, as years of use would leave them, in either database.

    python -m tests.bench.rows --sqlite FILE [--rows N]
    python -m tests.bench.rows --postgres 'host=127.0.0.1 port=… user=… password=… dbname=…' [--rows N]

The schema must be there (`shoebox migrate`). The same seed makes the same rows everywhere. No
files are made for them: a list needs none.
"""

from __future__ import annotations

import argparse
import io
import random
import re
import sqlite3
import string
import time
from collections.abc import Iterable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Final, NamedTuple

import psycopg2
from psycopg2.extensions import cursor as Cursor
from psycopg2.extensions import parse_dsn

from shoebox.db.rows import microseconds
from shoebox.domain.names import fold
from tests.stack.postgres import Login

MILLION: Final = 1_000_000
BATCH: Final = 50_000  # rows a statement; what is in memory at once
BULK: Final = 50_000  # rows; for fewer it is not worth building the indexes anew
_FIRST: Final = datetime(2014, 1, 1, tzinfo=UTC)
_SPAN: Final = timedelta(days=365 * 12)
_ALPHABET: Final = string.ascii_letters + string.digits
_FORMATS: Final = ("jpg",) * 70 + ("png",) * 17 + ("webp",) * 7 + ("gif",) * 3 + ("avif", "tiff", "bmp")
_SIZES: Final = ((4032, 3024), (3024, 4032), (1920, 1080), (6000, 4000), (1170, 2532), (800, 600), (512, 512))
_WORDS: Final = (
    "summer holiday family Anna wedding garden beach mountain sunset Christmas birthday dog cat house kitchen "
    "invoice receipt scan passport whiteboard logo banner avatar map poster cover final copy edited draft "
    "Straße Urlaub München Großmutter Geburtstag Weihnachten été plage forêt anniversaire château niño playa "
    "Москва дача семья отпуск зима день рождения Ελλάδα θάλασσα 東京 桜 旅行 家族 写真 北京 上海 春节 서울 여행 바다 "
    "İstanbul gün العائلة صورة רחוב हिमालय 🌅 🎂"
).split()
_SHOWN: Final = "key original_name name_key size width height format uploaded_at sha256 color collection".split()


class Row(NamedTuple):
    """What is inserted for a picture; `uploaded_at` in microseconds since the epoch."""

    key: str
    original_name: str
    name_key: str
    size: int  # bytes
    width: int
    height: int
    format: str
    uploaded_at: int
    sha256: bytes
    color: str
    collection: str | None


def make(count: int, *, seed: int = 0, first: int = 0) -> Iterator[Row]:
    """So many rows: oldest first, spread over twelve years, sizes log-normal around 1.2 MB, one
    in fifty with the content of another, six in ten in one of 200 collections."""
    luck = random.Random(f"{seed}/{first}")
    step, began = microseconds_of(_SPAN) // max(count, 1), microseconds(_FIRST)
    collections = [f"album-{number}" for number in range(200)]
    weights = list(accumulated(1 / (number + 1) for number in range(200)))
    content = luck.randbytes(32)
    for number in range(count):
        kind = luck.choice(_FORMATS)
        width, height = luck.choice(_SIZES)
        name = _name(luck, first + number, kind)
        content = content if luck.random() < 0.02 else luck.randbytes(32)
        yield Row(
            key=f"{''.join(luck.choices(_ALPHABET, k=12))}.{kind}",
            original_name=name,
            name_key=fold(name),
            size=min(int(luck.lognormvariate(14.0, 1.1)) + 67, 50_000_000),
            width=width,
            height=height,
            format=kind,
            uploaded_at=began + number * step + luck.randrange(max(step, 1)),
            sha256=content,
            color=f"#{luck.getrandbits(24):06x}",
            collection=luck.choices(collections, cum_weights=weights)[0] if luck.random() < 0.6 else None,
        )


def microseconds_of(span: timedelta) -> int:
    """A length of time as a number of microseconds."""
    return span // timedelta(microseconds=1)


def accumulated(weights: Iterable[float]) -> Iterator[float]:
    """Running sums."""
    total = 0.0
    for weight in weights:
        total += weight
        yield total


def _name(luck: random.Random, number: int, kind: str) -> str:
    """Cameras count to 9,999 and start again, telephones tell the time, people use words."""
    chance = luck.random()
    if chance < 0.30:
        return f"IMG_{number % 10_000:04d}.{'JPG' if kind == 'jpg' else kind}"
    if chance < 0.42:
        return f"DSC{number % 10_000:05d}.{kind}"
    if chance < 0.60:
        day = _FIRST + luck.random() * _SPAN
        return day.strftime(
            luck.choice(("Screenshot %Y-%m-%d at %H.%M.%S.", "IMG-%Y%m%d-WA0", "PXL_%Y%m%d_%H%M%S."))
        ) + (kind if luck.random() < 0.9 else f"{number % 1000}.{kind}")
    if chance < 0.63:
        return luck.choice(("image", "photo", "Unbenannt", "untitled", "写真")) + f".{kind}"
    words = " ".join(luck.choices(_WORDS, k=luck.randint(1, 3)))
    return f"{words} {luck.randrange(1000)}.{kind}" if luck.random() < 0.7 else f"{words}.{kind}"


def fill(login: Login, rows: int = MILLION, *, seed: int = 0) -> None:
    """Add so many rows to PostgreSQL and let it settle (vacuumed and analysed).

    The counters are kept by the table's own triggers, a statement at a time, and end exact. Where
    there are many rows the secondary indexes are built afterwards, in one go each.
    """
    load(login, make(rows, seed=seed, first=_count(login)), bulk=rows >= BULK)


def load(login: Login, rows: Iterable[Row], *, bulk: bool) -> None:
    """Add these rows to PostgreSQL; `bulk` as `fill` does it with many."""
    with closing(login.connect()) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("SET statement_timeout = 0; SET lock_timeout = 0; SET maintenance_work_mem = '256MB'")
            cursor.execute("SET synchronous_commit = off")
            indexes = _without_indexes(cursor) if bulk else []
            rest = iter(rows)
            while batch := list(islice(rest, BATCH)):
                _copy(cursor, batch)
            for definition in indexes:
                cursor.execute(definition)
            cursor.execute("VACUUM (ANALYZE) images")


def _without_indexes(cursor: Cursor) -> list[str]:
    """Drop what keeps no promise of the table's; the statements that make it again."""
    cursor.execute(
        """
        SELECT indexrelid::regclass, pg_get_indexdef(indexrelid) FROM pg_index
        WHERE indrelid = 'images'::regclass AND NOT indisunique"""
    )
    found = cursor.fetchall()
    for name, _ in found:
        cursor.execute(f"DROP INDEX {name}")
    return [definition for _, definition in found]


def _copy(cursor: Cursor, rows: list[Row]) -> None:
    text = io.BytesIO("".join(map(_line, rows)).encode())
    cursor.copy_expert(f"COPY images ({', '.join(_SHOWN)}) FROM STDIN", text)


def _line(row: Row) -> str:
    # The text format of COPY; no value of ours holds a tab, a line break or a backslash.
    seconds, rest = divmod(row.uploaded_at, 1_000_000)
    moment = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(seconds))
    collection = "\\N" if row.collection is None else row.collection
    return (
        f"{row.key}\t{row.original_name}\t{row.name_key}\t{row.size}\t{row.width}\t{row.height}\t{row.format}\t"
        f"{moment}.{rest:06d}+00\t\\\\x{row.sha256.hex()}\t{row.color}\t{collection}\n"
    )


def _count(login: Login) -> int:
    with closing(login.connect()) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(sum(n), 0) FROM image_counts WHERE collection = ''")
        return int((cursor.fetchone() or (0,))[0])


def fill_sqlite(path: Path, rows: int = MILLION, *, seed: int = 0) -> None:
    """Add so many rows to an SQLite database that nothing else uses; counters end exact."""
    with closing(sqlite3.connect(path)) as connection:
        (there,) = connection.execute("SELECT coalesce(sum(n), 0) FROM image_counts WHERE collection = ''").fetchone()
    load_sqlite(path, make(rows, seed=seed, first=there), bulk=rows >= BULK)


def load_sqlite(path: Path, rows: Iterable[Row], *, bulk: bool) -> None:
    """Add these rows to SQLite in one transaction; `bulk` builds the indexes afterwards."""
    statement = f"INSERT INTO images ({', '.join(_SHOWN)}) VALUES ({', '.join('?' * len(_SHOWN))})"
    wanted = "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = 'images' AND sql IS NOT NULL"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("PRAGMA cache_size = -200000")
        connection.execute("BEGIN IMMEDIATE")
        indexes = connection.execute(wanted).fetchall() if bulk else []
        for name, _ in indexes:
            connection.execute(f'DROP INDEX "{name}"')
        connection.executemany(statement, rows)
        for _, definition in indexes:
            connection.execute(re.sub(r"\s+", " ", definition))
        connection.execute("COMMIT")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def login_of(dsn: str) -> Login:
    """A login from libpq's `name=value` words."""
    words = {"host": "127.0.0.1", "port": "5432", "user": "shoebox", "password": "", "dbname": "shoebox"} | parse_dsn(
        dsn
    )
    return Login(
        host=words["host"],
        port=int(words["port"]),
        user=words["user"],
        password=words["password"],
        database=words["dbname"],
    )


def main() -> None:
    """Fill the database that the arguments name."""
    parser = argparse.ArgumentParser(prog="rows", description=__doc__)
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--sqlite", type=Path, metavar="FILE")
    where.add_argument("--postgres", metavar="DSN")
    parser.add_argument("--rows", type=int, default=MILLION)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    began = time.monotonic()
    try:
        if given.sqlite is not None:
            fill_sqlite(given.sqlite, given.rows, seed=given.seed)
        else:
            fill(login_of(given.postgres), given.rows, seed=given.seed)
    except (psycopg2.Error, sqlite3.Error) as error:
        raise SystemExit(f"rows: {error}") from error
    print(f"{given.rows} rows in {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
