"""PgBouncer, from the same template the containers use."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import psycopg2

from tests.stack.accounts import account
from tests.stack.checkout import CHECKOUT
from tests.stack.ports import LOOPBACK, free_port
from tests.stack.postgres import Login
from tests.stack.process import Process, StackError, wait_until
from tests.stack.service import Service, configure

START_PATIENCE: Final = 60.0  # seconds
_LOOK: Final = 3  # seconds for one look at whether it answers; it keeps a client waiting while PostgreSQL is away
_RENDER: Final = CHECKOUT / "services" / "pgbouncer" / "render.sh"


class PgBouncer(Service):
    """Transaction pooling in front of `server`. `settings` are the contract's, as text.

    Its log is `log_folder`/pgbouncer/pgbouncer.log, its configuration stands in `folder`.
    """

    def __init__(
        self,
        folder: Path,
        *,
        server: Login,
        password: str,
        log_folder: Path,
        user: str | None = None,
        port: int | None = None,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        self._account = account("postgres", "www-data", "nobody")
        self._folder = folder
        self._server = server
        self._log_folder = log_folder
        self._settings = dict(settings or {})
        self.login: Final = Login(
            host=LOOPBACK,
            port=port or free_port(),
            user=user or server.user,
            password=password,
            database=server.database,
        )
        self.process = Process(
            name="pgbouncer",
            argv=[_program(), "--quiet", str(folder / "pgbouncer.ini")],
            folder=folder,
            output=folder / "pgbouncer.out",
            account=self._account,
            reaching=[log_folder],
            stop_signal=signal.SIGINT,  # lets running transactions finish
        )

    @property
    def log(self) -> Path:
        """PgBouncer's own log file."""
        return self._log_folder / "pgbouncer" / "pgbouncer.log"

    def start(self) -> None:
        """Fill the template and start; returns when it takes connections (PostgreSQL may be away)."""
        self._account.own(self._folder)
        self._account.own(self.log.parent)
        self._render()
        self.process.start()
        wait_until(self._answers, patience=START_PATIENCE, what="PgBouncer answers")

    def _render(self) -> None:
        settings = {
            **self._settings,
            "POSTGRES_HOST": self._server.host,
            "POSTGRES_DB_PORT": str(self._server.port),
            "POSTGRES_DB": self._server.database,
            "POSTGRES_USER": self._server.user,
            "POSTGRES_PASSWORD": self._server.password,
            "PGBOUNCER_LISTEN": self.login.host,
            "PGBOUNCER_PORT": str(self.login.port),
            "PGBOUNCER_USER": self.login.user,
            "PGBOUNCER_PASSWORD": self.login.password,
            "LOG_DIR": str(self._log_folder),
        }
        argv = ["sh", str(_RENDER), str(self._folder)]
        configure(self._account, argv, settings=settings, reaching=[self._folder, _RENDER.parent])

    def _answers(self) -> bool:
        if not self.process.alive:
            raise StackError(f"PgBouncer does not start:\n{self.process.tail()}")
        try:
            self.login.connect(timeout=_LOOK).close()
        except psycopg2.OperationalError as error:
            return "refused" not in str(error)
        return True


def _program() -> str:
    found = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if not found:
        raise StackError("PgBouncer is not installed: apt-get install pgbouncer")
    return found
