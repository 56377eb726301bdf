"""Rows as pictures: those that are remembered, and what a server's settings write them like."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from services.backend.tests.databases import ask, empty_postgres, empty_sqlite
from services.backend.tests.pictures import NOON, SORTS, in_order, new_image, stock
from shoebox.db.postgres import PostgresRepository
from shoebox.db.repository import Answer
from shoebox.db.rows import MAX_KNOWN
from shoebox.domain.image import Image
from shoebox.domain.listing import Filter, ListQuery, PageNumber
from shoebox.ports import ImageRepository
from tests.stack.postgres import Postgres

CHANGED = "UPDATE images SET collection = 'winter', width = 7, uploaded_at = {} WHERE id = {}"


def shown(repository: ImageRepository) -> list[Image]:
    return list(repository.page(ListQuery(size=100)).images)


def changed(image: Image) -> Image:
    return replace(image, collection="winter", uploaded_at=NOON, facts=replace(image.facts, width=7))


@pytest.fixture
def repository(postgres: Postgres) -> Iterator[PostgresRepository]:
    with empty_postgres(postgres.login, postgres.login) as opened:
        yield opened


def test_a_row_that_was_changed_by_hand_is_another_picture(postgres: Postgres, repository: PostgresRepository) -> None:
    image = repository.add(new_image(seconds=3, collection="summer"))
    assert (shown(repository), repository.get(image.key)) == ([image], image)
    ask(postgres.login, CHANGED.format(f"'{NOON.isoformat()}'", image.id))
    assert (shown(repository), repository.get(image.key)) == ([changed(image)], changed(image))


def test_a_row_of_sqlite_that_was_changed_by_hand_is_another_picture(tmp_path: Path) -> None:
    with empty_sqlite(tmp_path) as repository:
        image = repository.add(new_image(seconds=3, collection="summer"))
        assert shown(repository) == [image]
        with closing(sqlite3.connect(tmp_path / "shoebox.sqlite", isolation_level=None)) as connection:
            connection.execute(CHANGED.format(int(NOON.timestamp() * 1_000_000), image.id))
        assert shown(repository) == [changed(image)]


def test_a_page_is_one_statement(repository: PostgresRepository) -> None:
    stock(repository, 30)
    with counted(repository) as statements:
        assert not repository.page(ListQuery(filter=Filter(collection="none"))).images
        first = repository.page(ListQuery())
        assert first.next is not None
        repository.page(ListQuery(place=first.next))
        repository.page(ListQuery(place=PageNumber(number=3)))
    assert len(statements) == 4


# The end of its own line and the beginning of another one.
WHOLE_LINE = "\x1f".join(["a", "1", "1", "1", "jpg", NOON.isoformat(), "\\x00", "#000000", "", "a\x1e9", "b.jpg", "b"])


@pytest.mark.parametrize("name", ["a\x1fb", "\x1f", "a" + "\x1f" * 12 + "b", "a\x1e\n\t\\b", "\x1e", WHOLE_LINE])
def test_a_name_that_looks_like_the_end_of_a_value_is_only_a_name(repository: PostgresRepository, name: str) -> None:
    images = [repository.add(new_image(name, seconds=seconds)) for seconds in range(3)]
    for sort in SORTS:
        for _ in range(2):
            assert list(repository.page(ListQuery(sort=sort)).images) == in_order(images, sort)


@contextmanager
def counted(repository: PostgresRepository) -> Iterator[list[str]]:
    """The statements that are sent within the block."""
    statements: list[str] = []
    run = repository._ask

    def note(statement: str, parameters: Mapping[str, object], *, patient: bool) -> Answer:
        statements.append(statement)
        return run(statement, parameters, patient=patient)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(repository, "_ask", note)
        yield statements


def test_more_pictures_than_are_remembered_are_listed_too(tmp_path: Path) -> None:
    with empty_sqlite(tmp_path) as repository:
        images = stock(repository, MAX_KNOWN + 100)
        for sort in (*SORTS, SORTS[0]):
            pages = [
                repository.page(ListQuery(sort=sort, size=100, place=PageNumber(number=number))).images
                for number in range(1, len(images) // 100 + 2)
            ]
            assert [image for page in pages for image in page] == in_order(images, sort)


@pytest.mark.parametrize("zone", ["UTC", "Asia/Kathmandu", "America/St_Johns", "Europe/Berlin"])
@pytest.mark.parametrize("output", ["hex", "escape"])
def test_rows_read_the_same_however_the_server_writes_times_and_bytes(
    postgres: Postgres, repository: PostgresRepository, zone: str, output: str
) -> None:
    # Berlin's clock is set back within these hours, so that its text is in another order than its times.
    night = [NOON.replace(month=10, day=25, hour=0, minute=minute, microsecond=0) for minute in (10, 30, 59)]
    images = [
        repository.add(replace(new_image(name), uploaded_at=moment.replace(hour=hour)))
        for hour in (0, 1)
        for name, moment in zip(("b", "a", "c"), night, strict=True)
    ]
    try:
        ask(postgres.login, f"ALTER ROLE CURRENT_USER SET timezone = '{zone}'")
        ask(postgres.login, f"ALTER ROLE CURRENT_USER SET bytea_output = '{output}'")
        repository.close()  # the next connection is the first to be told
        for sort in SORTS:
            listed = repository.page(ListQuery(sort=sort, size=4))
            assert list(listed.images) == in_order(images, sort)[:4]
            assert listed.next is not None
            rest = repository.page(ListQuery(sort=sort, size=4, place=listed.next))
            assert list(rest.images) == in_order(images, sort)[4:]
            assert rest.previous is not None
            assert repository.page(ListQuery(sort=sort, size=4, place=rest.previous)).images == listed.images
            assert [image.uploaded_at.tzinfo for image in listed.images] == [NOON.tzinfo] * 4
    finally:
        ask(postgres.login, "ALTER ROLE CURRENT_USER RESET timezone")
        ask(postgres.login, "ALTER ROLE CURRENT_USER RESET bytea_output")
