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

from shoebox.db.sqlite import BUSY_TIMEOUT, connect, translated

_NUMBERED: Final = re.compile(r"(\d+)-.*\.sql")


def migrations(folder: Path) -> list[Path]:
    """The SQL files of a folder in the order of their numbers. Raises `FileNotFoundError`
    where there are none: a wrong folder must not pass for an up-to-date database."""
    numbered = [(int(match[1]), path) for path in folder.iterdir() if (match := _NUMBERED.fullmatch(path.name))]
    if not numbered:
        raise FileNotFoundError(f"{folder} holds no SQL files")
    return [path for _, path in sorted(numbered)]


def migrate_sqlite(path: Path, folder: Path) -> list[str]:
    """Make the database file and its folder if need be, and run what it lacks.

    Returns the names of the files that ran. Several processes may do this at once. Raises
    `Unavailable` or `StorageFull`; what ran before that stays.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with closing(_opened(path)) as connection:
            return [file.name for file in migrations(folder) if _applied_sqlite(connection, file)]
    except sqlite3.Error as error:
        raise translated(error) from error


def _opened(path: Path) -> sqlite3.Connection:
    with closing(sqlite3.connect(path, timeout=BUSY_TIMEOUT)) as maker:
        maker.execute("PRAGMA journal_mode = WAL")  # kept in the file; makes it, too
    return connect(path)


def _applied_sqlite(connection: sqlite3.Connection, file: Path) -> bool:
    connection.execute("BEGIN IMMEDIATE")
    try:
        if _recorded(connection, file.name):
            connection.execute("ROLLBACK")
            return False
        for statement in _statements(file.read_text(encoding="utf-8")):
            connection.execute(statement)
        connection.execute("INSERT INTO schema_migrations (version) VALUES (?)", (file.name,))
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    return True


def _recorded(connection: sqlite3.Connection, version: str) -> bool:
    known = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'schema_migrations'").fetchall()
    return bool(
        known and connection.execute("SELECT 1 FROM schema_migrations WHERE version = ?", (version,)).fetchall()
    )


def _statements(script: str) -> list[str]:
    """The statements of a script, one by one: `executescript` would end our transaction."""
    statements, begun = [], ""
    for piece in re.split(r"(?<=;)", script):
        begun += piece
        if sqlite3.complete_statement(begun):
            statements.append(begun)
            begun = ""
    return statements
