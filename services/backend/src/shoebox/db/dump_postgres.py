"""A PostgreSQL database as one file, and back, by PostgreSQL's own programs.

`pg_dump` must be of the server's major version or newer. The password is in a file that only
we can read, never among the arguments, which everybody sees.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import IO, Final, cast

from psycopg2.extensions import make_dsn

from shoebox.db.postgres import CONNECT_TIMEOUT, ConnectionSettings
from shoebox.domain.backup import BackupError, DumpedPicture

LOCK_WAIT: Final = "60s"  # behind a migration, which takes a table for itself
# What a restore leaves as it is: extensions and the schema itself may be another role's, and
# `migrate` has made them before.
_KEPT: Final = frozenset({"EXTENSION", "SCHEMA"})

# An id that was given before the restore is not given again after it, even where the dump is older.
_BEFORE: Final = b"BEGIN;\nCREATE TEMPORARY TABLE given ON COMMIT DROP AS SELECT last_value FROM images_id_seq;\n"
_AFTER: Final = b"""
RESET search_path;
SELECT setval('images_id_seq', greatest(given.last_value, now.last_value)) FROM given, images_id_seq AS now;
COMMIT;
"""

Process = subprocess.Popen[bytes]


class PostgresDumper:
    """`ports.Dumper` over a direct connection: PgBouncer's transactions are too short for it."""

    kind: Final = "postgresql"

    def __init__(self, connect: ConnectionSettings) -> None:
        self._connect = connect

    def dump(self, file: Path) -> None:
        """A dump in the custom format, of one snapshot. Writers do not wait for it."""
        with self._dsn() as dsn:
            options = ["--format=custom", "--no-password", f"--lock-wait-timeout={LOCK_WAIT}"]
            _run("pg_dump", *options, f"--file={file}", f"--dbname={dsn}")
        fd = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)
        if not any(" TABLE DATA " in line and " images " in line for line in _contents(file)):
            raise BackupError("The dump holds no pictures' table; is this Shoebox's database?")

    def pictures(self, file: Path) -> Iterator[DumpedPicture]:
        """What the dump names, equal contents next to each other.

        Read from the dump itself: what it says is what a restore will find.
        """
        with closing(sqlite3.connect("")) as sorter:  # a temporary file, so that memory stays bounded
            sorter.execute("CREATE TABLE pictures (key TEXT, size INTEGER, sha256 TEXT)")
            sorter.executemany("INSERT INTO pictures VALUES (?, ?, ?)", _rows(file))
            for key, size, sha256 in sorter.execute("SELECT * FROM pictures ORDER BY sha256, key"):
                yield DumpedPicture(key=key, size=size, sha256=sha256)

    def load(self, file: Path) -> None:
        """Put the dump in the place of what the database holds of the same names, in one
        transaction: others see the old tables or the new ones."""
        kept = [line for line in _contents(file) if not _KEPT.intersection(line.split()[3:4])]
        with tempfile.NamedTemporaryFile("w", encoding="utf-8") as chosen, self._dsn() as dsn:
            chosen.write("\n".join(kept))
            chosen.flush()
            options = ["--clean", "--if-exists", "--no-owner", "--no-privileges", "--no-comments"]
            with _reading("pg_restore", *options, f"--use-list={chosen.name}", "--file=-", str(file)) as restoring:
                _replay(restoring, dsn)

    @contextmanager
    def _dsn(self) -> Iterator[str]:
        """How the programs connect, while the password's file is there."""
        word = self._connect.password.replace("\\", "\\\\").replace(":", "\\:")
        with tempfile.NamedTemporaryFile("w", encoding="utf-8") as passfile:  # mode 0600
            passfile.write(f"*:*:*:*:{word}\n")
            passfile.flush()
            yield make_dsn(
                host=self._connect.host,
                port=self._connect.port,
                user=self._connect.user,
                dbname=self._connect.dbname,
                passfile=passfile.name,
                connect_timeout=CONNECT_TIMEOUT,
            )


def _contents(file: Path) -> list[str]:
    """The dump's own list: `123; 1259 16399 TABLE public images owner` a line."""
    lines = _run("pg_restore", "--list", str(file)).splitlines()
    return [line for line in lines if line and not line.startswith(";")]


def _rows(file: Path) -> Iterator[tuple[str, int, str]]:
    """Key, size and digest of every row of `images` (PostgreSQL manual, COPY, text format).

    None of the three ever holds a character that the format escapes.
    """
    wanted: tuple[int, int, int] | None = None
    with _reading("pg_restore", "--data-only", "--table=images", "--file=-", str(file)) as restoring:
        for raw in _output(restoring):
            line = raw.decode().rstrip("\n")
            if wanted is None:
                if line.startswith("COPY "):
                    columns = line[line.index("(") + 1 : line.index(")")].split(", ")
                    wanted = columns.index("key"), columns.index("size"), columns.index("sha256")
            elif line == "\\.":
                wanted = None
            else:
                fields = line.split("\t")
                key, size, digest = (fields[place] for place in wanted)
                yield key, int(size), digest.removeprefix("\\\\x")


def _replay(restoring: Process, dsn: str) -> None:
    """Run what `restoring` writes in one transaction, which ends well only if that did."""
    command = [_program("psql"), "--no-psqlrc", "--quiet", "--no-password", "--set=ON_ERROR_STOP=1", f"--dbname={dsn}"]
    with tempfile.TemporaryFile() as said:
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=said) as psql:
            script = cast(IO[bytes], psql.stdin)
            try:
                with suppress(BrokenPipeError):  # psql stopped at an error, which it tells
                    script.write(_BEFORE)
                    shutil.copyfileobj(_output(restoring), script)
                    script.write(b"\n" if restoring.wait() else _AFTER)
                with suppress(BrokenPipeError):
                    script.close()
            except BaseException:
                psql.kill()
                raise
        if psql.returncode:
            said.seek(0)
            raise BackupError(f"The dump cannot be restored: {_reason(said.read())}")


@contextmanager
def _reading(name: str, *arguments: str) -> Iterator[Process]:
    """A program whose output is read; raises `BackupError` at the end of the block if it failed."""
    with tempfile.TemporaryFile() as said:
        with subprocess.Popen([_program(name), *arguments], stdout=subprocess.PIPE, stderr=said) as process:
            try:
                yield process
            except BaseException:
                process.kill()
                raise
        if process.returncode:
            said.seek(0)
            raise BackupError(f"{name} failed: {_reason(said.read())}")


def _output(process: Process) -> IO[bytes]:
    return cast(IO[bytes], process.stdout)


def _run(name: str, *arguments: str) -> str:
    done = subprocess.run([_program(name), *arguments], capture_output=True, check=False)
    if done.returncode:
        raise BackupError(f"{name} failed: {_reason(done.stderr)}")
    return done.stdout.decode()


def _program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise BackupError(f"{name} is not installed; Debian's package is postgresql-client.")
    return found


def _reason(said: bytes) -> str:
    """What a program gives as its error; hints and details follow it."""
    lines = said.decode("utf-8", "replace").strip().splitlines() or ["no reason given"]
    return next((line for line in lines if "error:" in line.lower()), lines[-1])
