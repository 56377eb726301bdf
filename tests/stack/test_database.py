"""The private PostgreSQL and the PgBouncer in front of it."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import psycopg2
import pytest

from tests.stack.logs import mentions
from tests.stack.pgbouncer import PgBouncer
from tests.stack.postgres import Login, Postgres
from tests.stack.process import descendants, send, start_time, wait_until

PATIENCE = 60.0  # seconds; far more than anything here takes
PASSWORD = 'it\'s a "secret" \\ & @NAME@ $HOME'  # every character that some quoting trips over


@pytest.fixture(scope="module")
def database(state_root: Path) -> Iterator[tuple[Postgres, PgBouncer]]:
    folder = state_root / "database"
    postgres = Postgres(folder / "postgres", password=PASSWORD, superuser_password="top", fsync=False)
    pgbouncer = PgBouncer(
        folder / "pgbouncer",
        server=postgres.login,
        user="front",
        password=PASSWORD[::-1],
        log_folder=folder / "logs",
        settings={"DEFAULT_POOL_SIZE": "2"},
    )
    postgres.start()
    pgbouncer.start()
    yield postgres, pgbouncer
    pgbouncer.stop()
    postgres.stop()


def ask(login: Login, question: str) -> object:
    with closing(login.connect()) as connection, connection.cursor() as cursor:
        cursor.execute(question)
        row = cursor.fetchone()
    assert row is not None
    return row[0]


def test_a_login_through_pgbouncer_is_the_applications_role(database: tuple[Postgres, PgBouncer]) -> None:
    _, pgbouncer = database
    assert ask(pgbouncer.login, "SELECT current_user") == "shoebox"
    assert ask(pgbouncer.login, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user") is False


def test_text_is_utf_8_and_sorted_by_code_point(database: tuple[Postgres, PgBouncer]) -> None:
    postgres, _ = database
    assert ask(postgres.login, "SHOW server_encoding") == "UTF8"
    assert ask(postgres.login, "SELECT string_agg(x, '' ORDER BY x) FROM unnest(array['é','Z','a']) x") == "Zaé"


def test_a_wrong_password_is_refused_by_both(database: tuple[Postgres, PgBouncer]) -> None:
    for login in (database[0].login, database[1].login):
        with pytest.raises(psycopg2.OperationalError, match="authentication failed"):
            replace(login, password="wrong").connect()


def test_passwords_are_kept_and_asked_for_by_scram(database: tuple[Postgres, PgBouncer]) -> None:
    postgres, pgbouncer = database
    kept = ask(postgres.superuser, "SELECT rolpassword FROM pg_authid WHERE rolname = 'shoebox'")
    assert str(kept).startswith("SCRAM-SHA-256$")
    assert PASSWORD not in pgbouncer.log.read_text()


def test_many_clients_share_few_connections_for_one_transaction_each(database: tuple[Postgres, PgBouncer]) -> None:
    _, pgbouncer = database
    clients = [pgbouncer.login.connect() for _ in range(10)]
    backends = set()
    for client in clients:
        client.autocommit = True
        with client.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            backends.add(cursor.fetchone())
    for client in clients:
        client.close()
    assert 1 <= len(backends) <= 2


@pytest.fixture
def quick_to_give_up(state_root: Path, database: tuple[Postgres, PgBouncer]) -> Iterator[None]:
    """PgBouncer gives a statement 2 seconds instead of 20."""
    _, pgbouncer = database
    file = state_root / "database" / "pgbouncer" / "pgbouncer.ini"
    as_it_was = file.read_text()
    file.write_text(as_it_was.replace("query_timeout = 20\n", "query_timeout = 2\n"))
    pgbouncer.process.signal(signal.SIGHUP)
    wait_until(lambda: mentions(pgbouncer.log, "SIGHUP"), patience=PATIENCE, what="it has read that")
    yield
    file.write_text(as_it_was)
    pgbouncer.process.signal(signal.SIGHUP)


@pytest.mark.usefixtures("quick_to_give_up")
def test_nobody_waits_for_a_frozen_postgresql_for_longer_than_the_query_timeout(
    database: tuple[Postgres, PgBouncer],
) -> None:
    postgres, pgbouncer = database
    with closing(pgbouncer.login.connect()) as connection, connection.cursor() as cursor:
        connection.autocommit = True
        cursor.execute("SELECT 1")
        family = [postgres.process.pid, *descendants(postgres.process.pid)]
        for pid in family:
            send(pid, signal.SIGSTOP)
        try:
            with pytest.raises(psycopg2.OperationalError):
                cursor.execute("SELECT 1")
        finally:
            for pid in family:
                send(pid, signal.SIGCONT)
    wait_until(lambda: mentions(pgbouncer.log, "query timeout"), patience=PATIENCE, what="that is why")
    assert ask(pgbouncer.login, "SELECT 1") == 1


def test_a_query_hears_within_its_patience_that_postgresql_is_away(database: tuple[Postgres, PgBouncer]) -> None:
    postgres, pgbouncer = database
    postgres.stop()
    with pytest.raises(psycopg2.OperationalError):
        ask(pgbouncer.login, "SELECT 1")
    wait_until(lambda: mentions(pgbouncer.log, "query_wait_timeout"), patience=PATIENCE, what="that is why")
    postgres.start()


def test_a_committed_row_survives_kill_9(database: tuple[Postgres, PgBouncer]) -> None:
    postgres, _ = database
    with closing(postgres.login.connect()) as connection, connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    family = [postgres.process.pid, *descendants(postgres.process.pid)]
    postgres.kill()
    assert not [pid for pid in family if start_time(pid)]
    postgres.start()
    assert ask(postgres.login, "SELECT answer FROM kept") == 42


def test_neither_runs_as_root(database: tuple[Postgres, PgBouncer]) -> None:
    owners = {Path(f"/proc/{service.process.pid}").stat().st_uid for service in database}
    assert 0 not in owners
