"""An SQLite database as one file, and back, while others use it."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

from shoebox.db import sqlite
from shoebox.domain.backup import BackupError, DumpedPicture

_PICTURES: Final = "SELECT key, size, lower(hex(sha256)) FROM images ORDER BY sha256, key"
_RAISE: Final = "UPDATE sqlite_sequence SET seq = ? WHERE name = 'images'"
_START: Final = "INSERT INTO sqlite_sequence (name, seq) VALUES ('images', ?)"


class SqliteDumper:
    """`ports.Dumper` by SQLite's backup interface (https://sqlite.org/backup.html)."""

    kind: Final = "sqlite"

    def __init__(self, path: Path) -> None:
        self._path = path

    def dump(self, file: Path) -> None:
        """Copy the database as it is at one moment. Writers do not wait for it."""
        try:
            with closing(sqlite.connect(self._path)) as source, closing(sqlite3.connect(file)) as target:
                source.backup(target)  # all pages in one step: one moment
                # The copy is one file, readable where nothing can be written beside it.
                target.execute("PRAGMA journal_mode = DELETE")
                _check(target)
        except sqlite3.Error as error:
            raise BackupError(f"The database cannot be dumped: {error}") from error
        fd = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)

    def pictures(self, file: Path) -> Iterator[DumpedPicture]:
        """What the dump names, equal contents next to each other."""
        try:
            with closing(_read_only(file)) as connection:
                for key, size, sha256 in connection.execute(_PICTURES):
                    yield DumpedPicture(key=key, size=size, sha256=sha256)
        except sqlite3.Error as error:
            raise BackupError(f"The dump {file} cannot be read: {error}") from error

    def load(self, file: Path) -> None:
        """Put the dump in the place of everything the database holds, in one transaction."""
        try:
            with closing(_read_only(file)) as source, closing(sqlite.connect(self._path)) as target:
                _check(source)
                given = _last_id(target)
                source.backup(target)
                # An id that was given before is not given again, even where the dump is older.
                if given > (restored := _last_id(target)):
                    target.execute(_RAISE if restored else _START, (given,))
        except sqlite3.Error as error:
            raise BackupError(f"The dump {file} cannot be restored: {error}") from error


def _read_only(file: Path) -> sqlite3.Connection:
    # immutable: nobody changes a backup, so nothing has to be locked or written for reading it.
    return sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro&immutable=1", uri=True)


def _last_id(connection: sqlite3.Connection) -> int:
    found = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'images'").fetchone()
    return int(found[0]) if found else 0


def _check(connection: sqlite3.Connection) -> None:
    found = [text for (text,) in connection.execute("PRAGMA integrity_check")]
    if found != ["ok"]:
        raise BackupError(f"The dump is damaged: {found[0]}")
