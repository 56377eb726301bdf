"""Servers for the whole run: started when the first test asks, stopped at the end."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from services.backend.tests.databases import SCHEMA, settings
from services.backend.tests.s3_server import S3Server, s3_server
from shoebox.db.migrate import migrate_postgres
from tests.stack.pgbouncer import PgBouncer
from tests.stack.postgres import Postgres


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    """A migrated database. Its rows are whatever the last test left."""
    folder = tmp_path_factory.mktemp("postgres")
    server = Postgres(folder, password="secret", superuser_password="more secret", fsync=False)
    try:
        server.start()
        migrate_postgres(settings(server.login), SCHEMA)
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="session")
def pgbouncer(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PgBouncer]:
    """PgBouncer in front of `postgres`, with the settings of production."""
    folder = tmp_path_factory.mktemp("pgbouncer")
    server = PgBouncer(folder / "run", server=postgres.login, password="another", log_folder=folder / "logs")
    try:
        server.start()
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="session")
def s3() -> Iterator[S3Server]:
    """Object storage that gives each test a bucket of its own."""
    with s3_server() as server:
        yield server
