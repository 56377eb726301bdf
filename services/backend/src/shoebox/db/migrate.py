"""Bring a database up to the schema of a folder of numbered SQL files.

A file runs once, in its number's turn, and is recorded in schema_migrations. Files are
idempotent, since a database container may have run them already without recording it.
"""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

import psycopg2
from psycopg2.extensions import cursor as Cursor

from shoebox.db import postgres, sqlite
from shoebox.db.postgres import ConnectionSettings
from shoebox.domain.errors import MigrationFailed, ShoeboxError, StorageFull, Unavailable

_NUMBERED: Final = re.compile(r"(\d+)-.*\.sql")
_LOCK: Final = 0x5B0EB0C5  # any number that nothing else in the database locks


def migrations(folder: Path) -> list[Path]:
    """The SQL files of a folder in the order of their numbers. Raises `FileNotFoundError`
    where there are none: a wrong folder must not pass for an up-to-date database."""
    numbered = [(int(match[1]), path) for path in folder.iterdir() if (match := _NUMBERED.fullmatch(path.name))]
    if not numbered:
        raise FileNotFoundError(f"{folder} holds no SQL files")
    return [path for _, path in sorted(numbered)]


def migrate_postgres(settings: ConnectionSettings, folder: Path) -> list[str]:
    """Run what the database lacks, all of it or nothing, on one direct connection.

    Returns the names of the files that ran. Several hosts may do this at once: the others
    wait for the first. Raises `Unavailable`, `StorageFull` or `MigrationFailed`, each with the
    database's own reason.
    """
    files = migrations(folder)
    applied: list[str] = []
    file = files[0]
    try:
        with closing(postgres.open_connection(settings)) as connection:
            connection.autocommit = False
            with connection, connection.cursor() as cursor:
                # Building an index on a large table takes longer than any request may.
                cursor.execute("SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0")
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
                for file in files:
                    if _applied_postgres(cursor, file):
                        applied.append(file.name)
    except psycopg2.Error as error:
        raise _told(postgres.translated(error), file, error, passing=postgres.passes(error)) from error
    return applied


def migrate_sqlite(path: Path, folder: Path) -> list[str]:
    """Make the database file and its folder if need be, and run what it lacks, file by file.

    Returns the names of the files that ran. Several processes may do this at once. Raises
    `Unavailable`, `StorageFull` or `MigrationFailed`; what ran before that stays.
    """
    files = migrations(folder)
    path.parent.mkdir(parents=True, exist_ok=True)
    applied: list[str] = []
    file = files[0]
    try:
        with closing(sqlite.create(path)) as connection:
            for file in files:
                if _applied_sqlite(connection, file):
                    applied.append(file.name)
    except sqlite3.Error as error:
        raise _told(sqlite.translated(error), file, error, passing=sqlite.passes(error)) from error
    return applied


def _told(meaning: ShoeboxError, file: Path, error: Exception, *, passing: bool) -> ShoeboxError:
    """The error with the database's own words: who starts the service has to know them."""
    reason = " ".join(str(error).split())
    if isinstance(meaning, StorageFull):
        return StorageFull(f"{file.name}: {reason}")
    return Unavailable(f"The database is away: {reason}") if passing else MigrationFailed(f"{file.name}: {reason}")


def _applied_postgres(cursor: Cursor, file: Path) -> bool:
    cursor.execute("SELECT to_regclass('schema_migrations')")
    if cursor.fetchone() != (None,):
        cursor.execute("SELECT 1 FROM schema_migrations WHERE version = %s", [file.name])
        if cursor.fetchone():
            return False
    cursor.execute(file.read_text(encoding="utf-8"))
    cursor.execute("INSERT INTO schema_migrations (version) VALUES (%s)", [file.name])
    return True


def _applied_sqlite(connection: sqlite3.Connection, file: Path) -> bool:
    connection.execute("BEGIN IMMEDIATE")
    try:
        if _recorded_sqlite(connection, file.name):
            connection.execute("ROLLBACK")
            return False
        for statement in _statements(file.read_text(encoding="utf-8")):
            connection.execute(statement)
        connection.execute("INSERT INTO schema_migrations (version) VALUES (?)", (file.name,))
        connection.execute("COMMIT")
    except BaseException:
        connection.rollback()
        raise
    return True


def _recorded_sqlite(connection: sqlite3.Connection, version: str) -> bool:
    if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'schema_migrations'").fetchall():
        return False
    return bool(connection.execute("SELECT 1 FROM schema_migrations WHERE version = ?", (version,)).fetchall())


def _statements(script: str) -> list[str]:
    """The statements of a script, one by one: `executescript` would commit our transaction."""
    statements, begun = [], ""
    for piece in re.split(r"(?<=;)", script):
        begun += piece
        if sqlite3.complete_statement(begun):
            statements.append(begun)
            begun = ""
    return statements
