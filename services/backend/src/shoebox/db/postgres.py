"""The rows in PostgreSQL, directly or through PgBouncer's transaction pooling.

A connection is in autocommit mode and keeps no state: no SET, no named cursor, no session
lock, no `options`. Behind PgBouncer each of those would be somebody else's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final

import psycopg2
from psycopg2 import errorcodes
from psycopg2.extensions import connection as Connection

from shoebox.db.dialect import Dialect
from shoebox.db.outage import Outage
from shoebox.db.pool import Pool
from shoebox.db.repository import Answer, SqlRepository
from shoebox.domain.errors import ShoeboxError, StorageFull, Unavailable

CONNECT_TIMEOUT: Final = 3  # seconds; libpq's default is for ever
POOL_SIZE: Final = 4  # connections a worker; 4 workers then fit into PgBouncer's default of 20

# Seconds and milliseconds for a peer that vanished without closing, which TCP alone would
# wait for for a quarter of an hour (libpq, 34.1.2 Parameter Key Words).
_KEEPALIVE: Final[dict[str, Any]] = {
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 2,
    "tcp_user_timeout": 10000,
}

# The connection is gone, or never was.
_LOST: Final = frozenset(
    {
        errorcodes.PROTOCOL_VIOLATION,  # how PgBouncer says everything
        errorcodes.CONNECTION_EXCEPTION,
        errorcodes.CONNECTION_FAILURE,
        errorcodes.CONNECTION_DOES_NOT_EXIST,
        errorcodes.SQLCLIENT_UNABLE_TO_ESTABLISH_SQLCONNECTION,
        errorcodes.SQLSERVER_REJECTED_ESTABLISHMENT_OF_SQLCONNECTION,
        errorcodes.ADMIN_SHUTDOWN,
        errorcodes.CRASH_SHUTDOWN,
        errorcodes.CANNOT_CONNECT_NOW,
        errorcodes.TOO_MANY_CONNECTIONS,
    }
)
# The server undid the statement because of others; alone it may well succeed.
_UNDONE: Final = frozenset({errorcodes.DEADLOCK_DETECTED, errorcodes.SERIALIZATION_FAILURE})
# What PgBouncer says to a client whose statement it has not passed on.
_NOT_PASSED_ON: Final = ("server login has been failing", "query_wait_timeout", "cannot connect to server")


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionSettings:
    """Where PostgreSQL or PgBouncer listens, and who we are there."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    dbname: str


def _pattern(text: str) -> object:
    """A LIKE pattern for names with `text` anywhere; its wildcards mean themselves."""
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"


def _several(keys: Sequence[str]) -> object:
    return list(keys)


def _time_in(time: datetime) -> object:
    return time


def _time_out(time: datetime) -> datetime:
    return time.astimezone(UTC)  # the session may have another zone


POSTGRES: Final = Dialect(
    parameter=r"%(\1)s",
    contains="name_key LIKE :text",
    pattern=_pattern,
    one_of="key = ANY (:keys)",
    several=_several,
    now="CAST(extract(epoch FROM clock_timestamp()) AS double precision)",
    time_in=_time_in,
    time_out=_time_out,
)


class PostgresRepository(SqlRepository):
    """`ports.ImageRepository` over PostgreSQL. The schema must be there: `migrate`.

    Nothing is connected before the first call. A statement whose connection breaks is tried
    again on a new one: all of them may be carried out twice (`queries.ADD` says why the
    insert may; a deletion that may have been is told by `Answer.repeated`).
    """

    def __init__(self, *, connect: ConnectionSettings, pool_size: int = POOL_SIZE) -> None:
        super().__init__(POSTGRES)
        self._pool = Pool(partial(open_connection, connect), size=pool_size)
        self._outage = Outage()

    @property
    def connections(self) -> tuple[int, int]:
        """How many there may be, and how many are in use."""
        return self._pool.size, self._pool.lent

    def close(self) -> None:
        """Close the idle connections."""
        self._pool.close()

    def _run(self, statement: str, parameters: Mapping[str, object]) -> Answer:
        repeated = False
        with self._outage.patience() as patience:
            while True:
                try:
                    rows = self._try(statement, parameters)
                except psycopg2.Error as error:
                    if is_lost(error):
                        self._pool.close()  # the idle ones have most likely met the same end
                    elif error.pgcode not in _UNDONE:
                        raise translated(error) from error
                    repeated = repeated or may_have_been_done(error)
                    if not patience.lasts():
                        raise translated(error) from error
                else:
                    self._outage.over()
                    return Answer(rows=rows, repeated=repeated)

    def _try(self, statement: str, parameters: Mapping[str, object]) -> list[tuple[object, ...]]:
        with self._pool.borrow() as connection, connection.cursor() as cursor:
            cursor.execute(statement, parameters)
            return cursor.fetchall()


def open_connection(settings: ConnectionSettings) -> Connection:
    """A new connection in autocommit mode. Raises `psycopg2.OperationalError`."""
    connection: Connection = psycopg2.connect(
        host=settings.host,
        port=settings.port,
        user=settings.user,
        password=settings.password,
        dbname=settings.dbname,
        connect_timeout=CONNECT_TIMEOUT,
        application_name="shoebox",
        client_encoding="UTF8",
        **_KEEPALIVE,
    )
    connection.autocommit = True
    return connection


def is_lost(error: psycopg2.Error) -> bool:
    """Whether the connection is gone, so that a new one may do better."""
    if error.pgcode is None:  # not a word of the server's: the line broke, or was never there
        broken = isinstance(error, psycopg2.OperationalError | psycopg2.InterfaceError)
        return broken or type(error) is psycopg2.DatabaseError
    return error.pgcode in _LOST


def may_have_been_done(error: psycopg2.Error) -> bool:
    """Whether the statement that failed so may have been committed all the same."""
    connecting = error.cursor is None
    return not connecting and error.pgcode not in _UNDONE and not any(text in str(error) for text in _NOT_PASSED_ON)


def translated(error: psycopg2.Error) -> ShoeboxError:
    """What a driver's error means to a client."""
    if error.pgcode == errorcodes.DISK_FULL:
        return StorageFull("The disk of the database is full.")
    if error.pgcode in {errorcodes.QUERY_CANCELED, errorcodes.LOCK_NOT_AVAILABLE}:
        return Unavailable("The database takes too long; try again in a moment.")
    return Unavailable("The database is away; try again in a moment.")
