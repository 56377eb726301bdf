"""Whole stores to back up: a disk and a database of each kind, with the real adapters."""

from __future__ import annotations

import hashlib
import random
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from services.backend.tests.databases import SCHEMA, SQLITE_SCHEMA, ask, settings
from services.backend.tests.pictures import new_image
from shoebox.app.backup import Backups
from shoebox.app.remove import Removal
from shoebox.app.restore import Restoration
from shoebox.app.sweep import Sweeper
from shoebox.db.dump_postgres import PostgresDumper
from shoebox.db.dump_sqlite import SqliteDumper
from shoebox.db.migrate import migrate_postgres, migrate_sqlite
from shoebox.db.postgres import PostgresRepository
from shoebox.db.repository import NOTHING_KEPT, SqlRepository
from shoebox.db.sqlite import SqliteRepository
from shoebox.domain.listing import Filter, ListQuery
from shoebox.ports import Dumper
from shoebox.storage.archive import Archive
from shoebox.storage.disk import DiskStorage
from tests.stack.postgres import Postgres


class Watch:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.time = datetime(2026, 11, 20, 10, 30, 0, 250000, tzinfo=UTC)

    def now(self) -> datetime:
        return self.time


@dataclass(kw_only=True)
class Store:
    """A store and its backups."""

    storage: DiskStorage
    repository: SqlRepository
    dumper: Dumper
    migrate: Callable[[], object]
    archive: Archive
    images: Path
    clock: Watch

    def add(self, data: bytes | None = None, *, collection: str | None = None) -> str:
        """A picture, as an upload leaves it; returns its key."""
        data = secrets.token_bytes(random.randint(16, 9000)) if data is None else data
        image = new_image(collection=collection)
        facts = replace(image.facts, size=len(data), sha256=hashlib.sha256(data).hexdigest())
        with self.storage.stage() as staged:
            staged.write(data)
            self.storage.publish(staged, image.key, facts.sha256)
        return self.repository.add(replace(image, facts=facts)).key

    def remove(self, key: str) -> None:
        Removal(storage=self.storage, repository=self.repository).remove(key)

    def pictures(self) -> dict[str, bytes]:
        """Every picture that a list shows, by key."""
        found = {}
        for key in self.repository.keys(limit=1000):
            with self.storage.open(key) as file:
                found[key] = file.read()
        return found

    def total(self, collection: str | None = None) -> int:
        return self.repository.page(ListQuery(filter=Filter(collection=collection))).total

    def backups(self, dumper: Dumper | None = None) -> Backups:
        return Backups(
            dumper=dumper or self.dumper,
            archive=self.archive,
            hold=self.storage.hold,
            repository=self.repository,
            clock=self.clock,
            keep=timedelta(days=7),
            version="test",
        )

    def restoration(self) -> Restoration:
        sweeper = Sweeper(storage=self.storage, repository=self.repository, clock=self.clock)
        return Restoration(
            dumper=self.dumper,
            archive=self.archive,
            storage=DiskStorage(self.images, trusting=False),
            repository=self.repository,
            listings=NOTHING_KEPT,
            migrate=self._migrate_restored,
            sweeper=sweeper,
        )

    def _migrate_restored(self) -> None:
        self.migrate()
        self.repository.forget_identity()


MakeStore = Callable[[str], Store]


@pytest.fixture(params=["sqlite", "postgresql"])
def make_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[MakeStore]:
    """Makes empty stores by name, with one folder of backups between them."""
    opened: list[SqliteRepository | PostgresRepository] = []
    databases: list[str] = []
    server: Postgres | None = request.getfixturevalue("postgres") if request.param == "postgresql" else None

    def make(name: str) -> Store:
        folder = tmp_path / name
        dumper: Dumper
        if server:
            login = replace(server.login, database=f"backup_{name}")
            ask(server.superuser, f"CREATE DATABASE {login.database} OWNER {login.user}")
            databases.append(login.database)
            opened.append(PostgresRepository(connect=settings(login)))
            dumper = PostgresDumper(settings(login))
            migrate = lambda: migrate_postgres(settings(login), SCHEMA)  # noqa: E731
        else:
            path = folder / "shoebox.db"
            opened.append(SqliteRepository(path))
            dumper = SqliteDumper(path)
            migrate = lambda: migrate_sqlite(path, SQLITE_SCHEMA)  # noqa: E731
        migrate()
        return Store(
            storage=DiskStorage(folder / "images"),
            repository=opened[-1],
            dumper=dumper,
            migrate=migrate,
            archive=Archive(tmp_path / "backups"),
            images=folder / "images",
            clock=Watch(),
        )

    yield make
    for repository in opened:
        repository.close()
    for database in databases:
        assert server is not None
        ask(server.superuser, f"DROP DATABASE {database} WITH (FORCE)")


@pytest.fixture
def store(make_store: MakeStore) -> Store:
    return make_store("first")
