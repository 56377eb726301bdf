"""An image host without a framework, as people write one themselves and run it for years.

It is the standard library's own server as its documentation has it: `HTTPServer` answers one
connection after the other (HTTP/1.0, five may wait), `BaseHTTPRequestHandler` reads a head with
email.parser and logs a line for each request. Several processes, each on a port of its own, stand
behind one Nginx, which serves the pictures. Each question to the database is a transaction of its own
with a connection out of psycopg2's pool. A form is read whole and cut at its boundary; a file is
believed.

    python ancestor_app.py FIRST_PORT PROCESSES

Settings come from the environment: DATABASE_URL, IMAGES_DIR, LOG_FILE.
"""

from __future__ import annotations

import json
import logging
import os
import re
import secrets
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from multiprocessing import Process
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import psycopg2
from pictures import EXTENSIONS
from psycopg2.pool import SimpleConnectionPool

MAX_FILE_SIZE: Final = 20 * 1024 * 1024  # bytes, as Shoebox has it
MAX_FORM_SIZE: Final = MAX_FILE_SIZE + 64 * 1024  # with what stands around the file
MAX_PER_PAGE: Final = 100
NAME_BYTES: Final = 16  # of chance in a file's name
CONNECTIONS: Final = 5  # a process; it needs one at a time

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS images (
    id serial PRIMARY KEY,
    filename text NOT NULL UNIQUE,
    original_name text NOT NULL,
    size bigint NOT NULL,
    uploaded_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX IF NOT EXISTS images_by_age ON images (uploaded_at DESC);
"""
COLUMNS: Final = "id, filename, original_name, size, uploaded_at"
SORTS: Final = {"age": "uploaded_at", "size": "size", "name": "original_name"}

log = logging.getLogger(__name__)


class RefusedError(Exception):
    """A request that cannot be served: the status, and a sentence."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status: Final = status


class Handler(BaseHTTPRequestHandler):
    """One request."""

    folder: Path
    pool: SimpleConnectionPool

    def do_GET(self) -> None:
        """A page of the list, and how many pictures there are. Pictures are Nginx's."""
        self._answer(self._list)

    def do_POST(self) -> None:
        """Keep a picture."""
        self._answer(self._upload)

    def do_DELETE(self) -> None:
        """Remove a picture."""
        self._answer(self._delete)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (its name there)
        """A line a request, into the file."""
        log.info("%s %s", self.address_string(), format % args)

    def _answer(self, work: Any) -> None:
        try:
            status, answer = work()
        except RefusedError as error:
            status, answer = error.status, {"error": str(error)}
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _list(self) -> tuple[int, Mapping[str, object]]:
        address = urlsplit(self.path)
        if address.path != "/api/images":
            raise RefusedError(404, "There is nothing here.")
        query = {name: values[-1] for name, values in parse_qs(address.query).items()}
        page, per_page = _number(query, "page", 1), min(MAX_PER_PAGE, _number(query, "per_page", 8))
        column = SORTS.get(query.get("sort", "age"))
        if column is None:
            raise RefusedError(400, "There is no such order.")
        way = "ASC" if query.get("order") == "asc" else "DESC"
        statement = f"SELECT {COLUMNS} FROM images ORDER BY {column} {way}, id {way} LIMIT %s OFFSET %s"
        with self._transaction() as cursor:
            cursor.execute("SELECT count(*) FROM images")
            (total,) = cursor.fetchone()
        with self._transaction() as cursor:
            cursor.execute(statement, [per_page, (page - 1) * per_page])
            images = [_image(row) for row in cursor.fetchall()]
        pages = -(-total // per_page)
        return 200, {"images": images, "page": page, "per_page": per_page, "total": total, "pages": pages}

    def _upload(self) -> tuple[int, Mapping[str, object]]:
        if self.path != "/api/images":
            raise RefusedError(404, "There is nothing here.")
        length = int(self.headers.get("Content-Length", 0))
        if length > MAX_FORM_SIZE:
            raise RefusedError(413, "This file is too large.")
        original_name, data = file_of(self.headers.get("Content-Type", ""), self.rfile.read(length))
        extension = Path(original_name).suffix.lower()
        if extension not in EXTENSIONS:
            raise RefusedError(415, "This is not a format we keep.")
        if len(data) > MAX_FILE_SIZE:
            raise RefusedError(413, "This file is too large.")
        name = secrets.token_hex(NAME_BYTES) + extension
        (self.folder / name).write_bytes(data)
        with self._transaction() as cursor:
            cursor.execute(
                f"INSERT INTO images (filename, original_name, size) VALUES (%s, %s, %s) RETURNING {COLUMNS}",
                [name, original_name, len(data)],
            )
            return 201, _image(cursor.fetchone())

    def _delete(self) -> tuple[int, Mapping[str, object]]:
        name = self.path.removeprefix("/api/images/")
        with self._transaction() as cursor:
            cursor.execute("SELECT id FROM images WHERE filename = %s", [name])
            found = cursor.fetchone()
        if found is None:
            raise RefusedError(404, "There is no such picture.")
        with self._transaction() as cursor:
            cursor.execute("DELETE FROM images WHERE id = %s", found)
        (self.folder / name).unlink(missing_ok=True)
        return 200, {"message": f"{name} is deleted."}

    @contextmanager
    def _transaction(self) -> Iterator[Any]:
        connection = self.pool.getconn()
        try:
            with connection, connection.cursor() as cursor:  # commits, or rolls back
                yield cursor
        finally:
            self.pool.putconn(connection)


def file_of(content_type: str, body: bytes) -> tuple[str, bytes]:
    """The name and the bytes of the form's field `file`. Raises `RefusedError` without one."""
    boundary = re.search(r'boundary="?([^";]+)', content_type)
    if boundary is None:
        raise RefusedError(400, "This is not a form with a file.")
    for part in body.split(b"--" + boundary[1].encode()):
        head, _, data = part.partition(b"\r\n\r\n")
        found = re.search(rb'name="file"; filename="([^"]*)"', head)
        if found and found[1]:
            return found[1].decode(errors="replace"), data.removesuffix(b"\r\n")
    raise RefusedError(400, "The form has no file.")


def _number(query: Mapping[str, str], name: str, default: int) -> int:
    try:
        return max(1, int(query.get(name, default)))
    except ValueError as error:
        raise RefusedError(400, f"{name} is not a number.") from error


def _image(row: tuple[Any, ...]) -> dict[str, object]:
    number, filename, original_name, size, uploaded_at = row
    return {
        "id": number,
        "filename": filename,
        "original_name": original_name,
        "size": size,
        "uploaded_at": uploaded_at.isoformat(),
        "url": f"/images/{filename}",
    }


def create_tables() -> None:
    """Once, before the first start."""
    with psycopg2.connect(os.environ["DATABASE_URL"]) as connection, connection.cursor() as cursor:
        cursor.execute(SCHEMA)


def serve(port: int) -> None:
    """One process: requests at this port, one after the other, for ever."""
    form = "[%(asctime)s] %(levelname)s: %(message)s"
    logging.basicConfig(filename=os.environ["LOG_FILE"], format=form, level=logging.INFO)
    Handler.folder = Path(os.environ["IMAGES_DIR"])
    Handler.pool = SimpleConnectionPool(1, CONNECTIONS, os.environ["DATABASE_URL"])
    HTTPServer(("127.0.0.1", port), Handler).serve_forever()


def main(first: int, processes: int) -> None:
    """All processes, until SIGTERM."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    workers = [Process(target=serve, args=(port,), daemon=True) for port in range(first, first + processes)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
