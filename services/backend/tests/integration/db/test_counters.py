"""The counters of PostgreSQL: exact whatever a statement does, and no writer waits for another."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from services.backend.tests.databases import ask, empty_postgres, sql
from services.backend.tests.pictures import new_image, stock
from shoebox.db.postgres import PostgresRepository
from shoebox.domain.listing import Filter, ListQuery
from tests.stack.postgres import Postgres

INSERT = """
INSERT INTO images (key, original_name, name_key, size, width, height, format, uploaded_at, sha256, color, collection)
SELECT '{0}' || n || '.jpg', 'a', 'a', 1, 1, 1, 'jpg', now(), sha256('a'), '#000000',
       CASE WHEN n % 3 > 0 THEN 'c' || n % 3 END FROM generate_series(1, {1}) AS n"""


@pytest.fixture
def repository(postgres: Postgres) -> Iterator[PostgresRepository]:
    with empty_postgres(postgres.login, postgres.login) as opened:
        yield opened


def total(repository: PostgresRepository, collection: str | None = None) -> int:
    return repository.page(ListQuery(filter=Filter(collection=collection))).total


def totals(repository: PostgresRepository) -> list[int]:
    return [total(repository, name) for name in (None, "c1", "c2")]


def test_sixteen_open_transactions_add_to_the_counters_without_waiting(
    postgres: Postgres, repository: PostgresRepository
) -> None:
    with ExitStack() as open_ones:
        for number in range(16):
            cursor = open_ones.enter_context(sql(postgres.login))
            cursor.execute("SET lock_timeout = '20s'; BEGIN")
            cursor.execute(INSERT.format(f"w{number}x", 3))
            open_ones.callback(cursor.execute, "COMMIT")
        assert totals(repository) == [0, 0, 0]
    assert totals(repository) == [48, 16, 16]


def test_a_store_has_no_more_shards_than_writers_there_were_at_once(
    postgres: Postgres, repository: PostgresRepository
) -> None:
    stock(repository, 50)
    assert ask(postgres.login, "SELECT count(*) FROM image_counts") == [(1,)]


def test_a_rolled_back_statement_counts_for_nothing(postgres: Postgres, repository: PostgresRepository) -> None:
    with sql(postgres.login) as cursor:
        cursor.execute("BEGIN")
        cursor.execute(INSERT.format("a", 10))
        cursor.execute("ROLLBACK")
    assert totals(repository) == [0, 0, 0]


def test_a_copy_in_bulk_is_counted(postgres: Postgres, repository: PostgresRepository) -> None:
    columns = "key original_name name_key size width height format uploaded_at sha256 color collection".split()
    rows = [f"{n}.jpg\ta\ta\t1\t1\t1\tjpg\t2026-11-20\t\\\\x{'00' * 32}\t#000000\tc1\n" for n in range(500)]
    with sql(postgres.login) as cursor:
        cursor.copy_from(io.StringIO("".join(rows)), "images", columns=columns)
    assert totals(repository) == [500, 500, 0]


def test_a_deletion_in_bulk_is_counted(postgres: Postgres, repository: PostgresRepository) -> None:
    ask(postgres.login, INSERT.format("a", 30))
    ask(postgres.login, "DELETE FROM images WHERE collection = 'c1' OR collection IS NULL")
    assert totals(repository) == [10, 0, 10]


def test_emptying_the_table_empties_the_counters(postgres: Postgres, repository: PostgresRepository) -> None:
    ask(postgres.login, INSERT.format("a", 30))
    ask(postgres.login, "TRUNCATE images")
    assert totals(repository) == [0, 0, 0]
    repository.add(new_image())
    assert total(repository) == 1


def test_pictures_that_move_to_another_collection_are_counted_there(
    postgres: Postgres, repository: PostgresRepository
) -> None:
    ask(postgres.login, INSERT.format("a", 30))
    ask(postgres.login, "UPDATE images SET collection = 'c2' WHERE collection = 'c1'")
    assert totals(repository) == [30, 0, 20]


def test_a_collection_cannot_pass_for_the_whole_store(postgres: Postgres, repository: PostgresRepository) -> None:
    with pytest.raises(Exception, match="images_collection_check"):
        ask(postgres.login, "UPDATE images SET collection = '' WHERE key = %s", repository.add(new_image()).key)
