"""Repositories over real databases, for the contract suite and for what only databases do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final

from psycopg2.extensions import cursor as Cursor

from shoebox.db.migrate import migrate_sqlite
from shoebox.db.postgres import ConnectionSettings, PostgresRepository
from shoebox.db.sqlite import SqliteRepository
from tests.stack.postgres import Login

SCHEMA: Final = Path(__file__).parents[3] / "init-sql"
SQLITE_SCHEMA: Final = SCHEMA / "sqlite"
THREADS: Final = 20  # as many as any test uses at once


def settings(login: Login) -> ConnectionSettings:
    """The same login, as the repository takes it."""
    return ConnectionSettings(
        host=login.host, port=login.port, user=login.user, password=login.password, dbname=login.database
    )


@contextmanager
def sql(login: Login) -> Iterator[Cursor]:
    """A cursor of its own connection, in autocommit mode."""
    with closing(login.connect()) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            yield cursor


def ask(login: Login, statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
    """The rows of one statement; none if it has no result."""
    with sql(login) as cursor:
        cursor.execute(statement, parameters or None)
        return cursor.fetchall() if cursor.description else []


@contextmanager
def empty_postgres(direct: Login, through: Login) -> Iterator[PostgresRepository]:
    """A repository reached by `through`, over the emptied database of `direct`."""
    ask(direct, "TRUNCATE images, leases, webhooks, outbox")
    with closing(PostgresRepository(connect=settings(through), pool_size=THREADS)) as repository:
        yield repository


@contextmanager
def empty_sqlite(folder: Path) -> Iterator[SqliteRepository]:
    """A repository over a new file."""
    migrate_sqlite(folder / "shoebox.sqlite", SQLITE_SCHEMA)
    with closing(SqliteRepository(folder / "shoebox.sqlite", pool_size=THREADS)) as repository:
        yield repository
