"""The rows in an SQLite file, shared by several processes."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Mapping
from contextlib import closing
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Final

from shoebox.db.dialect import Dialect
from shoebox.db.pool import Pool
from shoebox.db.repository import NOTHING_KEPT, Answer, SqlRepository
from shoebox.db.reserve import Reserve
from shoebox.db.rows import microseconds, moment
from shoebox.domain.errors import ShoeboxError, StorageFull, Unavailable
from shoebox.domain.image import Image
from shoebox.ports import Listings

BUSY_TIMEOUT: Final = 10.0  # seconds a writer waits for its turn before it gives up
# Seconds between two tries of a writer. SQLite's own waiting sleeps up to 0.1 s at a time and so
# misses its turn again and again: with 16 writers one in a hundred waited more than a second.
TURN: Final = 0.002
FEW: Final = 10_000  # matches of a search; looking up and sorting so many takes 30 ms
POOL_SIZE: Final = 8  # connections a process; SQLite has one writer at a time, readers are quick


def _literally(text: str) -> object:
    return text


def _never(_: str) -> bool:
    return False


def _time_in(time: datetime) -> object:
    return microseconds(time)


SQLITE: Final = Dialect(
    parameter=r":\1",
    contains="instr(name_key, :text) > 0",
    pattern=_literally,
    within="instr(name_key, :text) > 0",
    is_indexed=_never,
    few=FEW,
    one_of="key IN (SELECT value FROM json_each(:keys))",
    several=json.dumps,
    now="((julianday('now') - 2440587.5) * 86400.0)",
    time_in=_time_in,
    time_out=moment,
    digest_out=bytes.hex,
    line="",
    lines="",
)


class SqliteRepository(SqlRepository):
    """`ports.ImageRepository` over SQLite in WAL mode. The schema must be there: `migrate`."""

    def __init__(self, path: Path, *, pool_size: int = POOL_SIZE, listings: Listings = NOTHING_KEPT) -> None:
        super().__init__(SQLITE, listings)
        self._pool = Pool(partial(_connect_without_waiting, path), size=pool_size)
        self._reserve = Reserve(path)
        self._reserve.keep()

    @property
    def connections(self) -> tuple[int, int]:
        """How many there may be, and how many are in use."""
        return self._pool.size, self._pool.lent

    def close(self) -> None:
        """Close the idle connections."""
        self._pool.close()

    def delete(self, key: str) -> Image:
        """As `ports.ImageRepository.delete`, also where the disk has no room left."""
        try:
            image = super().delete(key)
        except StorageFull:
            self._reserve.give_up()
            return super().delete(key)
        self._reserve.keep()
        return image

    def _run(self, statement: str, parameters: Mapping[str, object]) -> Answer:
        try:
            with self._pool.borrow() as connection:
                return Answer(rows=_in_turn(connection, statement, parameters))
        except sqlite3.Error as error:
            raise translated(error) from error


def _in_turn(
    connection: sqlite3.Connection, statement: str, parameters: Mapping[str, object]
) -> list[tuple[object, ...]]:
    deadline = time.monotonic() + BUSY_TIMEOUT
    while True:
        try:
            # Reading to the end is what ends the statement, and with it the transaction.
            return connection.execute(statement, parameters).fetchall()
        except sqlite3.OperationalError as error:
            is_busy = error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
            if not is_busy or time.monotonic() > deadline:
                raise
            time.sleep(TURN)


def _connect_without_waiting(path: Path) -> sqlite3.Connection:
    connection = connect(path)
    connection.execute("PRAGMA busy_timeout = 0")  # `_in_turn` waits instead
    return connection


def connect(path: Path) -> sqlite3.Connection:
    """A connection in autocommit mode that any one thread at a time may use.

    It waits for its turn by itself, as SQLite does it.
    """
    # uri and mode=rw: a database that is gone must be an error, not a new empty file.
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=rw",
        uri=True,
        timeout=BUSY_TIMEOUT,
        isolation_level=None,
        check_same_thread=False,
    )
    # WAL's usual NORMAL loses the last commits with the power; a 201 must not be lost.
    connection.execute("PRAGMA synchronous = FULL")
    return connection


def create(path: Path) -> sqlite3.Connection:
    """As `connect`, making the file if there is none; its folder must be there."""
    with closing(sqlite3.connect(path, timeout=BUSY_TIMEOUT)) as maker:
        maker.execute("PRAGMA journal_mode = WAL")  # the file remembers it
    return connect(path)


def passes(error: sqlite3.Error) -> bool:
    """Whether the same may succeed later: the file is locked, or cannot be opened or read now."""
    passing = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_IOERR}
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in passing


def translated(error: sqlite3.Error) -> ShoeboxError:
    """What a driver's error means to a client."""
    if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL:
        return StorageFull("The disk of the database is full.")
    return Unavailable("The database is away; try again in a moment.")
