"""The rows in PostgreSQL, directly or through PgBouncer's transaction pooling.

A connection is in autocommit mode and keeps no state: no SET, no named cursor, no session
lock, no `options`. Behind PgBouncer each of those would be somebody else's.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

import psycopg2
from psycopg2 import BINARY, errorcodes
from psycopg2.extensions import PYDATETIMETZ, UNICODE
from psycopg2.extensions import connection as Connection

from shoebox.db.dialect import Dialect
from shoebox.db.outage import Outage
from shoebox.db.pool import Pool
from shoebox.db.repository import NOTHING_KEPT, Answer, SqlRepository
from shoebox.db.rows import BETWEEN, BETWEEN_LINES, COLUMNS
from shoebox.db.sharing import Sharing
from shoebox.domain.errors import ShoeboxError, StorageFull, Unavailable
from shoebox.ports import Listings

CONNECT_TIMEOUT: Final = 3  # seconds; libpq's default is for ever
FEW: Final = 10_000  # matches of a search; looking up and sorting so many takes 30 ms
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
# No statement was listened to yet.
_NOT_BEGUN: Final = frozenset({errorcodes.CANNOT_CONNECT_NOW, errorcodes.TOO_MANY_CONNECTIONS})
# The server undid the statement because of others; alone it may well succeed.
_UNDONE: Final = frozenset({errorcodes.DEADLOCK_DETECTED, errorcodes.SERIALIZATION_FAILURE})
_TRIGRAM: Final = re.compile(r"[^\W_]{3}")
# What PgBouncer says to a client whose statement it has not passed on.
_NOT_PASSED_ON: Final = (
    "server login has been failing",
    "server login failed",
    "query_wait_timeout",
    "cannot connect to server",
)
# What kinds of columns are handed over as the server writes them, which is how they stand in a line.
_AS_TEXT: Final = dict.fromkeys((*PYDATETIMETZ.values, *BINARY.values), UNICODE)
_AWAY: Final = "The database is away; try again in a moment."


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


def _has_trigram(text: str) -> bool:
    """Whether pg_trgm finds anything to look up: three letters or digits in a row. Without, it
    would read its whole index, which takes ten times as long as reading the names."""
    return _TRIGRAM.search(text) is not None


def _several(keys: Sequence[str]) -> object:
    return list(keys)


def _time_in(time: datetime) -> object:
    return time


def _time_out(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)  # the session may have another zone


def _digest_out(text: str) -> str:
    return bytes(BINARY(text, None)).hex()


def _line() -> str:
    # concat_ws would leave out a NULL, and only a collection may be one, which is never ''.
    columns = ", ".join(COLUMNS).replace("collection", "coalesce(collection, '')")
    return f"concat_ws(E{BETWEEN!r}, {columns})"


POSTGRES: Final = Dialect(
    parameter=r"%(\1)s",
    contains="name_key LIKE :text",
    pattern=_pattern,
    within="strpos(name_key, :word) > 0",
    is_indexed=_has_trigram,
    few=FEW,
    one_of="key = ANY (:keys)",
    several=_several,
    now="CAST(extract(epoch FROM clock_timestamp()) AS double precision)",
    time_in=_time_in,
    time_out=_time_out,
    digest_out=_digest_out,
    line=_line(),
    lines=f"array_to_string(ARRAY({{}}), E{BETWEEN_LINES!r})",
)


class PostgresRepository(SqlRepository):
    """`ports.ImageRepository` over PostgreSQL. The schema must be there: `migrate`.

    Nothing is connected before the first call. A statement whose connection breaks is tried
    again on a new one: all of them may be carried out twice (`queries.ADD` says why the
    insert may; a deletion that may have been is told by `Answer.repeated`). `outage` says how
    long calls wait for a database that is away.
    """

    def __init__(
        self,
        *,
        connect: ConnectionSettings,
        pool_size: int = POOL_SIZE,
        listings: Listings = NOTHING_KEPT,
        outage: Outage | None = None,
    ) -> None:
        super().__init__(POSTGRES, listings)
        self._outage = outage or Outage()
        self._connect = connect
        self._sharing = Sharing[Hashable, Answer](self._outage.step_aside)
        self._pool = Pool[_Session](self._open, size=pool_size, step_aside=self._outage.step_aside)

    @property
    def connections(self) -> tuple[int, int]:
        """How many there may be, and how many are in use."""
        return self._pool.size, self._pool.lent

    def close(self) -> None:
        """Close the idle connections."""
        self._pool.close()

    def _run(self, statement: str, parameters: Mapping[str, object]) -> Answer:
        return self._ask(statement, parameters, patient=True)

    def _run_together(self, statement: str, parameters: Mapping[str, object]) -> Answer:
        key = (statement, *parameters.values())
        return self._sharing.ask(key, lambda: self._ask(statement, parameters, patient=True))

    def _run_at_once(self, statement: str, parameters: Mapping[str, object]) -> Answer:
        return self._ask(statement, parameters, patient=False)

    def _ask(self, statement: str, parameters: Mapping[str, object], *, patient: bool) -> Answer:
        repeated, cause = False, None
        with self._outage.call(patient=patient) as call:
            while call.ready():
                try:
                    rows = self._try(statement, parameters)
                except psycopg2.Error as error:
                    cause = error
                    repeated = repeated or may_have_been_done(error)
                    if is_lost(error):
                        self._pool.close()  # the idle ones have most likely met the same end
                        call.failed()
                    else:
                        self._outage.over()  # it answers
                        if error.pgcode not in _UNDONE:
                            break
                        call.refused()
                else:
                    self._outage.over()
                    return Answer(rows=rows, repeated=repeated)
        raise translated(cause) if cause else Unavailable(_AWAY) from cause

    def _open(self) -> _Session:
        self._outage.step_aside()  # a name that is not known, or an address that is gone, takes seconds
        connection = open_connection(self._connect)
        connection.string_types.update(_AS_TEXT)
        return _Session(connection)

    def _try(self, statement: str, parameters: Mapping[str, object]) -> list[tuple[object, ...]]:
        with self._pool.borrow() as session:
            return session.ask(statement, parameters)


class _Session:
    """A connection and its one cursor, which is made once for all statements."""

    def __init__(self, connection: Connection) -> None:
        self.close = connection.close
        self._cursor = connection.cursor()

    def ask(self, statement: str, parameters: Mapping[str, object]) -> list[tuple[object, ...]]:
        self._cursor.execute(statement, parameters or None)
        return self._cursor.fetchall()


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


def passes(error: psycopg2.Error) -> bool:
    """Whether the same may succeed later."""
    return is_lost(error) or error.pgcode in _UNDONE


def may_have_been_done(error: psycopg2.Error) -> bool:
    """Whether the statement that failed so may have been committed all the same."""
    if error.cursor is None or error.pgcode in _NOT_BEGUN | _UNDONE:
        return False
    return not any(text in str(error) for text in _NOT_PASSED_ON)


def translated(error: psycopg2.Error) -> ShoeboxError:
    """What a driver's error means to a client."""
    if error.pgcode == errorcodes.DISK_FULL:
        return StorageFull("The disk of the database is full.")
    if error.pgcode in {errorcodes.QUERY_CANCELED, errorcodes.LOCK_NOT_AVAILABLE}:
        return Unavailable("The database takes too long; try again in a moment.")
    return Unavailable(_AWAY)
