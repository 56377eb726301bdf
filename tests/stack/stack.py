"""The whole production topology: Nginx, N workers, PgBouncer, PostgreSQL."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final, Self

from tests.stack.checkout import CHECKOUT
from tests.stack.health import healthy
from tests.stack.layout import Layout, Secrets
from tests.stack.nginx import Nginx
from tests.stack.pgbouncer import PgBouncer
from tests.stack.ports import LOOPBACK, free_row, take
from tests.stack.postgres import CONNECTIONS, Postgres
from tests.stack.process import wait_until
from tests.stack.reaper import Claim, reap_below
from tests.stack.service import Service
from tests.stack.topology import Topology
from tests.stack.workers import Workers

READY_PATIENCE: Final = 90.0  # seconds
DEFAULT_WORKERS: Final = 4
_POOL_SETTINGS: Final = ("MAX_CLIENT_CONN", "DEFAULT_POOL_SIZE")


class Stack(Topology):
    """`with Stack(workers=4, state=folder) as stack:` runs one until the block ends.

    `settings` are the contract's, as text; `state` holds all that the run writes (without it the
    checkout's own folders do). Ports that are not given are free ones. `fsync=False` makes the
    database forget what the machine's crash (not a process's) interrupts: for quick tests.
    `connections` is how many PostgreSQL takes, for others than us beside us.
    `list_cache=False` has every list asked of the database, as if each were another.
    """

    def __init__(
        self,
        *,
        state: Path | None = None,
        workers: int = DEFAULT_WORKERS,
        port: int | None = None,
        start_port: int | None = None,
        settings: Mapping[str, str] | None = None,
        fsync: bool = True,
        connections: int = CONNECTIONS,
        list_cache: bool = True,
    ) -> None:
        self._given = {name: value for name, value in (settings or {}).items() if value}
        self._take_given_ports(port, start_port, workers)
        self.layout = Layout.of(state, self._given)
        self.worker_count = workers
        self.start_port: Final = start_port or free_row(workers)
        self._claim: Claim | None = None
        self._lists = [Path(self._given.get("LIST_CACHE_DIR", self.layout.work / "lists"))] if list_cache else []
        made = Secrets.kept_in(self.layout.work)
        self.postgres: Final = self._make_postgres(made, fsync=fsync, connections=connections)
        self.pgbouncer: Final = self._make_pgbouncer(made)
        self.nginx: Final = self._make_nginx(port)
        self.workers = Workers(
            self.layout.work / "workers",
            settings={**self._given, **self._worker_settings()},
            writes=(self.layout.images, self.layout.logs, self.layout.work / "metrics", *self._lists),
        )

    def _make_postgres(self, made: Secrets, *, fsync: bool, connections: int) -> Postgres:
        return Postgres(
            self.layout.work / "postgres",
            password=self._given.get("POSTGRES_PASSWORD", made.postgres),
            superuser_password=made.superuser,
            user=self._given.get("POSTGRES_USER", "shoebox"),
            database=self._given.get("POSTGRES_DB", "shoebox"),
            port=self._given_port("POSTGRES_DB_PORT"),
            fsync=fsync,
            connections=connections,
        )

    def _make_pgbouncer(self, made: Secrets) -> PgBouncer:
        return PgBouncer(
            self.layout.work / "pgbouncer",
            server=self.postgres.login,
            password=self._given.get("PGBOUNCER_PASSWORD", made.pgbouncer),
            log_folder=self.layout.logs,
            user=self._given.get("PGBOUNCER_USER", "shoebox_app"),
            port=self._given_port("PGBOUNCER_PORT"),
            settings={name: self._given[name] for name in _POOL_SETTINGS if name in self._given},
        )

    def _make_nginx(self, port: int | None) -> Nginx:
        return Nginx(
            self.layout.work / "nginx",
            first_worker=self.start_port,
            images_dir=self.layout.images,
            log_folder=self.layout.logs,
            port=port,
            listen=self._given.get("BIND", LOOPBACK),
            settings={**self._given, **self._shared_settings(), "WEB_SERVER_WORKERS": str(self.worker_count)},
        )

    def _shared_settings(self) -> dict[str, str]:
        return {"LIST_CACHE_DIR": str(self._lists[0]) if self._lists else ""}

    def _take_given_ports(self, port: int | None, start_port: int | None, workers: int) -> None:
        if start_port:
            take(start_port, workers)
        for given in (port, self._given_port("POSTGRES_DB_PORT"), self._given_port("PGBOUNCER_PORT")):
            if given:
                take(given)

    def _given_port(self, name: str) -> int | None:
        return int(self._given[name]) if name in self._given else None

    def _worker_settings(self) -> dict[str, str]:
        direct, pooled = self.postgres.login, self.pgbouncer.login
        return {
            **self._shared_settings(),
            "BIND": LOOPBACK,
            "PORT": str(self.nginx.port),
            "WEB_SERVER_WORKERS": str(self.worker_count),
            "WEB_SERVER_START_PORT": str(self.start_port),
            "STATE_DIR": str(self.layout.work),
            "IMAGES_DIR": str(self.layout.images),
            "LOG_DIR": str(self.layout.logs),
            "INIT_SQL_DIR": str(CHECKOUT / "init-sql"),
            "POSTGRES_HOST": direct.host,
            "POSTGRES_DB_PORT": str(direct.port),
            "POSTGRES_DB": direct.database,
            "POSTGRES_USER": direct.user,
            "POSTGRES_PASSWORD": direct.password,
            "USE_PGBOUNCER": "true",
            "PGBOUNCER_HOST": pooled.host,
            "PGBOUNCER_PORT": str(pooled.port),
            "PGBOUNCER_USER": pooled.user,
            "PGBOUNCER_PASSWORD": pooled.password,
        }

    @property
    def services(self) -> dict[str, Service]:
        """Every part, in the order of starting."""
        return {"PostgreSQL": self.postgres, "PgBouncer": self.pgbouncer, "workers": self.workers, "Nginx": self.nginx}

    @property
    def url(self) -> str:
        """Where visitors come in, without a slash at the end."""
        return self.nginx.url

    def worker_pid(self, index: int) -> int:
        """The process that answers on worker `index`'s port."""
        port = self.start_port + index
        return self._listening(lambda found: found[-1] if found else None, port)

    def start(self) -> Self:
        """Start everything; returns when /health says so. On failure nothing is left running.

        Raises `StackError` while another stack runs in the same folder.
        """
        self._claim = Claim(self.layout.work)
        reap_below(self.layout.work)
        try:
            for service in self.services.values():
                service.start()
            wait_until(
                lambda: healthy(self.url, self.workers.process),
                patience=READY_PATIENCE,
                what=f"{self.url}/health answers 200",
            )
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """Stop everything, front door first. Harmless when it is stopped already."""
        for service in reversed(self.services.values()):
            service.stop()
        if self._claim:
            self._claim.release()
            self._claim = None
