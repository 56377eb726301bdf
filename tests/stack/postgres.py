"""A private PostgreSQL: its own cluster in a work folder, never the system's."""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psycopg2
from psycopg2 import sql

from tests.stack.accounts import account
from tests.stack.ports import LOOPBACK, free_port
from tests.stack.proc import working_in
from tests.stack.process import KILL_PATIENCE, Process, StackError, send, wait_until
from tests.stack.service import Service

CONNECTIONS: Final = 100  # at once; PgBouncer needs far fewer
START_PATIENCE: Final = 90.0  # seconds; recovery after a crash is part of a start
_LOOK: Final = 5  # seconds for one look at whether it answers
_PROGRAMS: Final = Path("/usr/lib/postgresql")  # where Debian keeps one folder a major version
_SUPERUSER: Final = "postgres"


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """Where and as whom to connect."""

    host: str
    port: int
    user: str
    password: str
    database: str

    def connect(self, *, timeout: int = 60) -> psycopg2.extensions.connection:
        """A new connection, within `timeout` seconds; the caller closes it."""
        return psycopg2.connect(
            host=self.host,
            port=self.port,
            user=self.user,
            password=self.password,
            dbname=self.database,
            connect_timeout=timeout,
        )


class Postgres(Service):
    """One cluster under `folder`, listening on a loopback port, passwords by SCRAM.

    The application's role owns its database and is not a superuser. With `fsync` off a crash of
    the machine may lose data (a kill of the processes does not): for tests that need speed.
    """

    def __init__(
        self,
        folder: Path,
        *,
        password: str,
        superuser_password: str,
        user: str = "shoebox",
        database: str = "shoebox",
        port: int | None = None,
        fsync: bool = True,
        connections: int = CONNECTIONS,
    ) -> None:
        self._account = account("postgres", "nobody")
        self._folder = folder
        self._data = folder / "data"
        self._fsync = fsync
        self._connections = connections
        port = port or free_port()
        self.login: Final = Login(host=LOOPBACK, port=port, user=user, password=password, database=database)
        self.superuser: Final = Login(
            host=LOOPBACK, port=port, user=_SUPERUSER, password=superuser_password, database="postgres"
        )
        self.process = Process(
            name="postgres",
            argv=[str(programs() / "postgres"), "-D", str(self._data)],
            folder=folder,
            output=folder / "postgres.log",
            account=self._account,
            stop_signal=signal.SIGINT,  # "fast": clients are disconnected, the data are in order
        )

    def start(self) -> None:
        """Start, making the cluster first if there is none; returns when it answers."""
        self._account.own(self._folder)
        if not (self._data / "PG_VERSION").exists():
            self._initialise()
        self._configure()
        self._bury()
        self.process.start()
        wait_until(self._answers, patience=START_PATIENCE, what="PostgreSQL answers")
        self._provide()

    def _initialise(self) -> None:
        shutil.rmtree(self._data, ignore_errors=True)  # half of a cluster, if we were killed making it
        password_file = self._folder / "superuser-password"
        password_file.touch(0o600)
        password_file.write_text(self.superuser.password)
        self._account.give(password_file)
        argv = [str(programs() / "initdb"), f"--pgdata={self._data}", f"--username={_SUPERUSER}"]
        argv += ["--encoding=UTF8", "--locale=C.UTF-8", "--auth=scram-sha-256", f"--pwfile={password_file}"]
        argv += [] if self._fsync else ["--no-sync"]
        command = self._account.command(argv, reaching=[self._folder])
        done = subprocess.run(command, cwd=self._folder, capture_output=True, text=True, check=False)
        password_file.unlink()
        if done.returncode:
            raise StackError(f"initdb failed: {done.stderr.strip()}")

    def _configure(self) -> None:
        lines = {
            "listen_addresses": LOOPBACK,
            "port": self.login.port,
            "unix_socket_directories": "",  # a work folder's path may be longer than a socket's may
            "fsync": "on" if self._fsync else "off",
            "max_connections": self._connections,
            "shared_buffers": "128MB",
            "log_checkpoints": "off",
        }
        text = "".join(f"{name} = '{value}'\n" for name, value in lines.items())
        own = self._data / "stack.conf"
        own.write_text(text)
        own.chmod(0o644)
        main = self._data / "postgresql.conf"
        include = "include 'stack.conf'\n"
        if include not in main.read_text():
            with main.open("a") as file:
                file.write(include)

    def _bury(self) -> None:
        """Servers of a postmaster that was killed alone end by themselves, but in their own time, and
        until then their memory keeps the next one from starting."""

        def gone() -> bool:
            left = working_in(self._data)
            for pid in left:
                send(pid, signal.SIGKILL)
            return not left

        wait_until(gone, patience=KILL_PATIENCE, what="the servers of an earlier PostgreSQL are gone")

    def _answers(self) -> bool:
        if not self.process.alive:
            raise StackError(f"PostgreSQL does not start:\n{self.process.tail()}")
        try:
            self.superuser.connect(timeout=_LOOK).close()
        except psycopg2.OperationalError as error:
            if "password authentication failed" in str(error):
                raise StackError("this cluster has another superuser password: was its folder copied?") from error
            return False
        return True

    def _provide(self) -> None:
        """The role and its database, and the password that is wanted now."""
        role, database = sql.Identifier(self.login.user), sql.Identifier(self.login.database)
        with closing(self.superuser.connect()) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [self.login.user])
                verb = "ALTER" if cursor.fetchone() else "CREATE"
                statement = sql.SQL(verb + " ROLE {} LOGIN PASSWORD %s").format(role)
                cursor.execute(statement, [self.login.password])
                cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [self.login.database])
                if not cursor.fetchone():
                    cursor.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(database, role))


def programs() -> Path:
    """The newest PostgreSQL's programs: Debian's folder, or wherever `initdb` on the PATH is."""
    versions = [path for path in _PROGRAMS.glob("*/bin") if (path / "initdb").exists()]
    if versions:
        return max(versions, key=lambda path: int(re.sub(r"\D", "", path.parent.name) or 0))
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    raise StackError("PostgreSQL is not installed: apt-get install postgresql")
