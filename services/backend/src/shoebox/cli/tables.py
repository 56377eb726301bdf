"""What another system knew of its pictures: its table, as CSV, JSON or SQLite."""

from __future__ import annotations

import csv
import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from shoebox.domain.names import is_collection

# What the older systems call the same thing, the most telling word first.
FILENAME: Final = ("filename", "file_name", "stored_name", "name")
ORIGINAL_NAME: Final = ("original_name", "original_filename")
UPLOAD_TIME: Final = ("upload_time", "uploaded_at", "upload_date", "created_at")
COLLECTION: Final = ("collection", "image_id")
_SQLITE: Final = b"SQLite format 3\0"


class TableError(Exception):
    """The table cannot be read; its text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One row. `uploaded_at` is aware; None where the table says nothing that can be read."""

    filename: str
    original_name: str
    uploaded_at: datetime | None
    collection: str | None


def read(path: Path, table: str | None) -> Iterator[Entry]:
    """The rows of a file, told by its content: SQLite, JSON (a list of objects, or one under
    any key of an object), else CSV with a line of names. `table` is SQLite's; without it the
    first that has a column of filenames. Raises `TableError`."""
    try:
        with path.open("rb") as file:
            start = file.read(len(_SQLITE))
        if start == _SQLITE:
            rows = _sqlite_rows(path, table)
        elif start.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in {b"[", b"{"}:
            rows = _json_rows(path)
        else:
            rows = _csv_rows(path)
        for row in rows:
            yield _entry(row)
    except (OSError, ValueError, sqlite3.Error, csv.Error) as error:
        raise TableError(f"{path}: {error}") from error


def _entry(row: Mapping[str, Any]) -> Entry:
    filename = _text(row, FILENAME)
    if not filename:
        raise TableError(f"a row has none of the columns {', '.join(FILENAME)}")
    collection = _text(row, COLLECTION)
    return Entry(
        filename=filename,
        original_name=_text(row, ORIGINAL_NAME) or filename,
        uploaded_at=_time(_text(row, UPLOAD_TIME)),
        collection=collection if is_collection(collection) else None,
    )


def _text(row: Mapping[str, Any], names: Iterable[str]) -> str:
    return next((str(row[name]).strip() for name in names if row.get(name) not in {None, ""}), "")


def _time(text: str) -> datetime | None:
    """ISO 8601 or seconds since the epoch; without a zone it is UTC."""
    try:
        moment = datetime.fromtimestamp(float(text), UTC) if _is_number(text) else datetime.fromisoformat(text)
    except (ValueError, OverflowError, OSError):
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)


def _is_number(text: str) -> bool:
    return text.replace(".", "", 1).isdigit() and len(text.partition(".")[0]) > 8  # 20261120 is a date


def _csv_rows(path: Path) -> Iterator[Mapping[str, Any]]:
    with path.open(newline="", encoding="utf-8-sig") as file:
        yield from csv.DictReader(file)


def _json_rows(path: Path) -> Iterator[Mapping[str, Any]]:
    told = json.loads(path.read_text(encoding="utf-8-sig"))
    if isinstance(told, dict):
        told = next((value for value in told.values() if isinstance(value, list)), [])
    for row in told:
        if not isinstance(row, dict):
            raise TableError(f"{path}: a row is no object")
        yield row


def _sqlite_rows(path: Path, table: str | None) -> Iterator[Mapping[str, Any]]:
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        connection.row_factory = sqlite3.Row
        chosen = table or _table_of(connection)
        quoted = chosen.replace('"', '""')
        for row in connection.execute(f'SELECT * FROM "{quoted}"'):  # noqa: S608  # the name is quoted
            yield dict(row)


def _table_of(connection: sqlite3.Connection) -> str:
    names = [str(name) for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    for name in names:
        columns = {str(row[1]) for row in connection.execute("SELECT * FROM pragma_table_info(?)", [name])}
        if columns & set(FILENAME):
            return name
    raise TableError("the database has no table with a column of filenames")
