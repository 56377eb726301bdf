"""The database goes away and comes back: `Unavailable` meanwhile, nothing twice, no restart of ours."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager

import pytest

from services.backend.tests.databases import ask, empty_postgres, settings, sql
from services.backend.tests.integration.db.line import Line
from services.backend.tests.pictures import new_image, stock
from services.backend.tests.refusal import refusing_port
from services.backend.tests.waiting import PATIENCE, wait_until
from shoebox.db.postgres import ConnectionSettings, PostgresRepository
from shoebox.domain.errors import NotFound, StorageFull, Unavailable
from shoebox.domain.listing import ListQuery
from tests.stack.pgbouncer import PgBouncer
from tests.stack.postgres import Postgres


@pytest.fixture(params=["direct", "pgbouncer"])
def repository(request: pytest.FixtureRequest, postgres: Postgres) -> Iterator[PostgresRepository]:
    through = postgres.login
    if request.param == "pgbouncer":
        pooler: PgBouncer = request.getfixturevalue("pgbouncer")
        through = pooler.login
    with empty_postgres(postgres.login, through) as opened:
        yield opened


@pytest.fixture
def line(postgres: Postgres) -> Iterator[Line]:
    with Line(postgres.login) as opened:
        yield opened


@pytest.mark.parametrize("how", ["stop", "kill"])
def test_a_database_that_was_away_is_asked_again_without_a_restart(
    postgres: Postgres, repository: PostgresRepository, how: str
) -> None:
    image = repository.add(new_image())
    asked: list[Callable[[], object]] = [
        lambda: repository.page(ListQuery()),
        lambda: repository.add(new_image()),
        lambda: repository.delete(image.key),
    ]
    getattr(postgres, how)()
    try:
        for ask_it in asked:
            with pytest.raises(Unavailable):
                ask_it()
    finally:
        postgres.start()
    assert repository.get(image.key) == image
    repository.add(new_image())
    assert repository.page(ListQuery()).total == 2


def test_a_pooler_that_was_away_is_asked_again_without_a_restart(postgres: Postgres, pgbouncer: PgBouncer) -> None:
    with empty_postgres(postgres.login, pgbouncer.login) as repository:
        image = repository.add(new_image())
        pgbouncer.kill()
        try:
            with pytest.raises(Unavailable):
                repository.get(image.key)
        finally:
            pgbouncer.start()
        assert repository.get(image.key) == image


def test_many_callers_hear_nothing_but_unavailable_and_all_recover(
    postgres: Postgres, repository: PostgresRepository
) -> None:
    stock(repository, 3)
    away, back, ended = threading.Event(), threading.Event(), threading.Event()
    refused: list[str] = []
    answered: dict[int, bool] = {}  # by caller: whether its last answer came after the outage

    def call(number: int) -> None:
        while not ended.is_set():
            try:
                assert repository.page(ListQuery()).total == 3
                answered[number] = back.is_set()
            except Unavailable as error:
                refused.append(str(error))
                away.set()

    with ThreadPoolExecutor(8) as threads:
        calls = [threads.submit(call, number) for number in range(8)]
        try:
            postgres.stop()
            assert away.wait(PATIENCE)
            postgres.start()
            back.set()
            wait_until(lambda: len(answered) == 8 and all(answered.values()))
        finally:
            ended.set()
    for done in calls:
        done.result(PATIENCE)
    assert not any(word in text.lower() for text in refused for word in ("server", "psycopg", "select", "127.0.0.1"))


def test_connections_that_died_while_nobody_used_them_are_replaced_unnoticed(
    postgres: Postgres, repository: PostgresRepository
) -> None:
    image = repository.add(new_image())
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: repository.page(ListQuery()), range(40)))
    ask(postgres.superuser, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'shoebox'")
    assert repository.get(image.key) == image


def test_a_picture_whose_answer_got_lost_is_added_once(postgres: Postgres, line: Line) -> None:
    with empty_postgres(postgres.login, line.login) as repository:
        repository.ping()
        line.lose_next_answer()
        image = repository.add(new_image())
        assert repository.get(image.key) == image
        assert repository.page(ListQuery()).images == (image,)


def test_another_picture_under_a_taken_name_is_refused(repository: PostgresRepository) -> None:
    first = repository.add(new_image("first", key="same.jpg"))
    with pytest.raises(Unavailable):
        repository.add(new_image("second", key="same.jpg"))
    assert repository.get("same.jpg") == first


def test_a_deletion_whose_answer_got_lost_is_neither_a_success_nor_not_found(postgres: Postgres, line: Line) -> None:
    with empty_postgres(postgres.login, line.login) as repository:
        image = repository.add(new_image())
        line.lose_next_answer()
        with pytest.raises(Unavailable):
            repository.delete(image.key)
        with pytest.raises(NotFound):
            repository.delete(image.key)


def test_a_list_whose_answer_got_lost_is_asked_for_again(postgres: Postgres, line: Line) -> None:
    with empty_postgres(postgres.login, line.login) as repository:
        stock(repository, 3)
        line.lose_next_answer()
        assert repository.page(ListQuery()).total == 3


def test_nothing_is_connected_before_the_first_call() -> None:
    with refusing_port() as port:
        nowhere = ConnectionSettings(host="127.0.0.1", port=port, user="x", password="hush", dbname="x")
        with closing(PostgresRepository(connect=nowhere)) as repository, pytest.raises(Unavailable):
            repository.ping()
    assert "hush" not in repr(nowhere)


def test_a_statement_that_takes_too_long_is_given_up_once(postgres: Postgres) -> None:
    with (
        empty_postgres(postgres.login, postgres.login) as repository,
        sql(postgres.login) as blocker,
        ThreadPoolExecutor(1) as threads,
    ):
        blocker.execute("BEGIN; LOCK TABLE images")
        waiting = "SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND usename = 'shoebox'"
        call = threads.submit(repository.get, "any.jpg")
        wait_until(lambda: len(ask(postgres.superuser, waiting)) == 1)
        ask(postgres.superuser, f"SELECT pg_cancel_backend(pid) FROM ({waiting}) AS found")
        with pytest.raises(Unavailable, match="too long"):
            call.result(PATIENCE)


def test_a_full_disk_of_the_database_is_told_from_an_absent_one(postgres: Postgres) -> None:
    with (
        empty_postgres(postgres.login, postgres.login) as repository,
        failing_inserts(postgres, "53100", times=1),
        pytest.raises(StorageFull),
    ):
        repository.add(new_image())


def test_a_deadlock_is_tried_again(postgres: Postgres) -> None:
    with empty_postgres(postgres.login, postgres.login) as repository, failing_inserts(postgres, "40P01", times=1):
        image = repository.add(new_image())
        assert repository.page(ListQuery()).images == (image,)


def test_a_pool_keeps_to_its_size(postgres: Postgres) -> None:
    count = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'shoebox' AND state IS NOT NULL"
    with closing(PostgresRepository(connect=settings(postgres.login), pool_size=2)) as repository:
        before = ask(postgres.superuser, count)[0][0]
        with ThreadPoolExecutor(12) as threads:
            list(threads.map(lambda _: repository.page(ListQuery()), range(120)))
        assert ask(postgres.superuser, count)[0][0] <= before + 2


@contextmanager
def failing_inserts(postgres: Postgres, code: str, *, times: int) -> Iterator[None]:
    """The server refuses the next `times` inserts with an error of its own."""
    ask(
        postgres.login,
        f"""
        CREATE SEQUENCE failures;
        CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF nextval('failures') <= {times} THEN RAISE EXCEPTION 'no' USING ERRCODE = '{code}'; END IF;
            RETURN new;
        END $$;
        CREATE TRIGGER failing BEFORE INSERT ON images FOR EACH ROW EXECUTE FUNCTION fail()""",
    )
    try:
        yield
    finally:
        ask(postgres.login, "DROP TRIGGER failing ON images; DROP FUNCTION fail; DROP SEQUENCE failures")
