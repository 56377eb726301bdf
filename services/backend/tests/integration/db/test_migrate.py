"""The schema: applied once, by one of many, over whatever a container has begun."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import psycopg2
import pytest

from services.backend.tests.databases import SCHEMA, SQLITE_SCHEMA, ask, settings
from services.backend.tests.pictures import new_image
from services.backend.tests.refusal import refusing_port
from shoebox.db.migrate import migrate_postgres, migrate_sqlite
from shoebox.db.postgres import PostgresRepository
from shoebox.db.sqlite import SqliteRepository
from shoebox.domain.errors import MigrationFailed, Unavailable
from shoebox.domain.listing import Filter, ListQuery
from tests.stack.postgres import Login, Postgres

FILES = [
    "1-init.sql",
    "2-create-tables.sql",
    "3-create-indexes.sql",
    "4-create-aliases.sql",
    "5-count-restored-rows.sql",
    "6-create-outbox.sql",
    "7-create-content-index.sql",
    "8-create-identity.sql",
]
SQLITE_FILES = [
    "1-create-tables.sql",
    "2-create-aliases.sql",
    "3-create-outbox.sql",
    "4-create-content-index.sql",
    "5-create-identity.sql",
]


@pytest.fixture
def empty(postgres: Postgres) -> Iterator[Login]:
    """A database of the application's role without any table."""
    admin, login = postgres.superuser, replace(postgres.login, database="fresh")
    ask(admin, f"CREATE DATABASE fresh OWNER {login.user}")
    yield login
    ask(admin, "DROP DATABASE fresh WITH (FORCE)")


def works(login: Login) -> bool:
    """Whether pictures can be kept, listed and searched in it."""
    with closing(PostgresRepository(connect=settings(login))) as repository:
        image = repository.add(new_image("Beach"))
        return image in repository.page(ListQuery(filter=Filter(text="each"))).images


def test_an_empty_database_gets_the_schema_once(empty: Login) -> None:
    assert migrate_postgres(settings(empty), SCHEMA) == FILES
    assert migrate_postgres(settings(empty), SCHEMA) == []
    assert works(empty)


def test_a_database_that_the_container_has_initialised_is_taken_over(empty: Login) -> None:
    for name in FILES:
        ask(empty, (SCHEMA / name).read_text())
    assert migrate_postgres(settings(empty), SCHEMA) == FILES
    assert works(empty)


def test_every_file_may_run_again_over_a_full_database(empty: Login) -> None:
    migrate_postgres(settings(empty), SCHEMA)
    assert works(empty)
    for name in FILES:
        ask(empty, (SCHEMA / name).read_text())
    with closing(PostgresRepository(connect=settings(empty))) as repository:
        assert repository.page(ListQuery()).total == 1
    assert works(empty)


def test_of_several_hosts_that_start_at_once_one_applies_the_schema(empty: Login) -> None:
    with ThreadPoolExecutor(6) as threads:
        applied = list(threads.map(lambda _: migrate_postgres(settings(empty), SCHEMA), range(6)))
    assert sorted(applied) == [[], [], [], [], [], FILES]


def test_a_file_added_later_runs_alone(empty: Login, tmp_path: Path) -> None:
    migrate_postgres(settings(empty), SCHEMA)
    for name in FILES:
        (tmp_path / name).write_text((SCHEMA / name).read_text())
    (tmp_path / "10-note.sql").write_text("CREATE TABLE note (n int)")
    (tmp_path / "README").write_text("no SQL")
    assert migrate_postgres(settings(empty), tmp_path) == ["10-note.sql"]


def test_a_file_that_fails_leaves_nothing_behind(empty: Login, tmp_path: Path) -> None:
    (tmp_path / "1-good.sql").write_text("CREATE TABLE schema_migrations (version text)")
    (tmp_path / "2-bad.sql").write_text("CREATE TABLE b (n int); CREATE TABLE b (n int)")
    with pytest.raises(MigrationFailed, match=r'2-bad\.sql: relation "b" already exists'):
        migrate_postgres(settings(empty), tmp_path)
    assert ask(empty, "SELECT to_regclass('schema_migrations'), to_regclass('b')") == [(None, None)]


def test_a_folder_without_files_does_not_pass_for_a_schema(empty: Login, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        migrate_postgres(settings(empty), tmp_path)
    with pytest.raises(FileNotFoundError):
        migrate_sqlite(tmp_path / "shoebox.sqlite", tmp_path)


def test_a_database_that_is_away_is_unavailable_and_says_why(empty: Login) -> None:
    with refusing_port() as port, pytest.raises(Unavailable, match="refused"):
        migrate_postgres(settings(replace(empty, port=port)), SCHEMA)
    with pytest.raises(Unavailable, match="password authentication failed"):
        migrate_postgres(settings(replace(empty, password="wrong")), SCHEMA)


def test_a_database_that_cannot_order_names_is_refused(postgres: Postgres) -> None:
    admin, login = postgres.superuser, replace(postgres.login, database="latin")
    ask(admin, f"CREATE DATABASE latin OWNER {login.user} ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
    try:
        with pytest.raises(MigrationFailed, match="needs UTF8"):
            migrate_postgres(settings(login), SCHEMA)
    finally:
        ask(admin, "DROP DATABASE latin WITH (FORCE)")


def test_a_role_that_may_do_little_gets_a_schema_that_works(postgres: Postgres, empty: Login) -> None:
    superuser = replace(postgres.superuser, database=empty.database)
    ask(superuser, "CREATE ROLE modest LOGIN PASSWORD 'modest'; GRANT CREATE, USAGE ON SCHEMA public TO modest")
    modest = replace(empty, user="modest", password="modest")
    try:
        assert migrate_postgres(settings(modest), SCHEMA) == FILES
        assert ask(superuser, "SELECT 1 FROM pg_extension WHERE extname = 'pg_trgm'") == []
        assert works(modest)
    finally:
        ask(superuser, "DROP OWNED BY modest; DROP ROLE modest")


def test_the_limits_stand_on_the_role(empty: Login) -> None:
    migrate_postgres(settings(empty), SCHEMA)
    shown = [ask(empty, f"SHOW {name}")[0][0] for name in ("statement_timeout", "lock_timeout", "jit")]
    assert shown == ["10s", "5s", "off"]


def test_an_old_index_being_built_is_not_hurried_by_the_limits(empty: Login, tmp_path: Path) -> None:
    ask(empty, f"ALTER ROLE {empty.user} IN DATABASE {empty.database} SET statement_timeout = '1ms'")
    (tmp_path / "1-slow.sql").write_text("SELECT pg_sleep(0.05); CREATE TABLE schema_migrations (version text)")
    assert migrate_postgres(settings(empty), tmp_path) == ["1-slow.sql"]
    with pytest.raises(psycopg2.errors.QueryCanceled):
        ask(empty, "SELECT pg_sleep(30)")


def test_an_sqlite_file_and_its_folder_are_made_and_get_the_schema_once(tmp_path: Path) -> None:
    path = tmp_path / "not" / "yet" / "shoebox.sqlite"
    assert migrate_sqlite(path, SQLITE_SCHEMA) == SQLITE_FILES
    assert migrate_sqlite(path, SQLITE_SCHEMA) == []
    with closing(SqliteRepository(path)) as repository:
        image = repository.add(new_image())
        assert repository.page(ListQuery()).images == (image,)


def test_of_several_processes_that_start_at_once_one_applies_each_file_of_the_sqlite_schema(tmp_path: Path) -> None:
    with ThreadPoolExecutor(6) as threads:
        applied = list(threads.map(lambda _: migrate_sqlite(tmp_path / "shoebox.sqlite", SQLITE_SCHEMA), range(6)))
    assert sorted(name for names in applied for name in names) == SQLITE_FILES


def test_a_failing_file_leaves_an_sqlite_database_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "1-bad.sql").write_text("CREATE TABLE a (n INTEGER); CREATE TABLE a (n INTEGER);")
    with pytest.raises(MigrationFailed, match=r"1-bad\.sql: table a already exists"):
        migrate_sqlite(tmp_path / "shoebox.sqlite", tmp_path)
    with closing(sqlite3.connect(tmp_path / "shoebox.sqlite")) as connection:
        assert connection.execute("SELECT name FROM sqlite_master").fetchall() == []
