"""How the databases carry a page's statement out: along an index, whatever the order, never sorting
or counting the table. Plans and not times, for a plan says what a million rows would cost."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from services.backend.tests.databases import SQLITE_SCHEMA, ask, empty_postgres
from services.backend.tests.pictures import NOON, SORTS
from shoebox.db import queries
from shoebox.db.dialect import Dialect
from shoebox.db.migrate import migrate_sqlite
from shoebox.db.postgres import POSTGRES
from shoebox.db.queries import Access, Shape
from shoebox.db.sqlite import SQLITE
from shoebox.domain.listing import Sort, SortField
from tests.stack.postgres import Postgres

ROWS = 20_000
FILL = f"""
INSERT INTO images (key, original_name, name_key, size, width, height, format, uploaded_at, sha256, color, collection)
SELECT md5(n::text) || '.jpg', 'IMG ' || n % 977, 'img ' || n % 977, n * 7919 % 100003, 640, 480, 'jpg',
       now() - n * interval '7 seconds', sha256(n::text::bytea), '#000000', CASE WHEN n % 4 = 0 THEN 'c' END
FROM generate_series(1, {ROWS}) AS n"""

PLACES = {
    "first page": (Access.FROM_START, False, 0),
    "third page": (Access.FROM_START, False, 16),
    "middle page": (Access.FROM_START, True, ROWS // 2),
    "middle page from the end": (Access.FROM_END, True, ROWS // 2),
    "last page": (Access.FROM_END, False, ROWS - 4),
    "page after a cursor": (Access.AFTER, False, 0),
    "page before a cursor": (Access.BEFORE, False, 0),
}
Statement = Callable[[Shape, Dialect], str | None]
# Each place by the statement that is true of empty pages too, and by the plain one where there is one.
STATEMENTS_OF_PLACES: list[tuple[Statement, str]] = [
    *((queries.page, place) for place in PLACES),
    *((queries.plain, place) for place in ("first page", "third page", "page after a cursor", "page before a cursor")),
]
ANCHORS = {SortField.AGE: NOON, SortField.SIZE: 50_000, SortField.NAME: "img 5"}


@pytest.fixture(scope="module")
def filled(postgres: Postgres) -> Iterator[Postgres]:
    with empty_postgres(postgres.login, postgres.login):
        ask(postgres.login, FILL)
        ask(postgres.login, "VACUUM ANALYZE images")
        yield postgres


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A plan's steps, from the top."""
    yield plan
    for part in plan.get("Plans", []):
        yield from nodes(part)


def inputs(step: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """What a step reads, without what is found out once beside it."""
    for part in step.get("Plans", []):
        if part["Parent Relationship"] != "InitPlan":
            yield part
            yield from inputs(part)


@pytest.mark.parametrize("in_collection", [False, True])
@pytest.mark.parametrize(("statement", "place"), STATEMENTS_OF_PLACES)
@pytest.mark.parametrize("sort", SORTS)
def test_postgresql_walks_an_index_and_no_more_of_it_than_is_skipped(
    filled: Postgres, sort: Sort, statement: Statement, place: str, in_collection: bool
) -> None:
    access, far, offset = PLACES[place]
    offset = offset // 4 if in_collection else offset
    shape = Shape(sort=sort, collection=in_collection, text=False, access=access, skips=offset > 0, far=far)
    text = statement(shape, POSTGRES)
    parameters = {"size": 8, "offset": offset, "value": ANCHORS[sort.field], "id": 77, "collection": "c"}
    with closing(filled.login.connect()) as connection, connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {text}", parameters)
        (((explained,),),) = cursor.fetchall()
    steps = list(nodes(explained["Plan"]))
    on_images = [step for step in steps if step.get("Relation Name") == "images"]
    assert {step["Node Type"] for step in on_images} <= {"Index Scan", "Index Only Scan"}
    assert any("_by_" in step["Index Name"] for step in on_images)
    assert not [step for step in steps if "Sort" in step["Node Type"]]
    counted = [step for step in steps if step["Node Type"] == "Aggregate"]
    assert not [step for top in counted for step in inputs(top) if step.get("Relation Name") == "images"]
    skipped = min(offset, (ROWS // 4 if in_collection else ROWS) - offset) if far or access is Access.FROM_START else 0
    read = max(step["Actual Rows"] * step["Actual Loops"] for step in on_images)
    assert read <= skipped + 10


SEARCHES = {
    "rare": ("img 976", "images_by_part_of_name"),  # 20 rows
    "absent": ("img 9760", "images_by_part_of_name"),
    "common": ("img", "images_by_name"),  # all rows
    "short": ("9", "images_by_name"),
    "short and absent": ("xq", "images_by_name"),
    "a sign": ("%", "images_by_name"),
}


def searched(filled: Postgres, sort: Sort, word: str) -> list[dict[str, Any]]:
    """The steps on `images` that a search's first page takes."""
    shape = Shape(sort=sort, collection=False, text=True, access=Access.FROM_START, indexed=POSTGRES.is_indexed(word))
    parameters = {"text": POSTGRES.pattern(word), "word": word, "few": 500, "size": 8, "offset": 0}
    with closing(filled.login.connect()) as connection, connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {queries.page(shape, POSTGRES)}", parameters)
        (((explained,),),) = cursor.fetchall()
    return [step for step in nodes(explained["Plan"]) if "Index Name" in step and step["Actual Loops"]]


@pytest.mark.parametrize("search", SEARCHES)
@pytest.mark.parametrize("sort", SORTS)
def test_postgresql_counts_matches_by_an_index_and_never_reads_the_table(
    filled: Postgres, sort: Sort, search: str
) -> None:
    word, index = SEARCHES[search]
    steps = searched(filled, sort, word)
    assert index in {step["Index Name"] for step in steps}
    if index != "images_by_part_of_name":
        assert "images_by_part_of_name" not in {step["Index Name"] for step in steps}
    # Rows are looked up where they match, names are read without their rows.
    looked_up = [step for step in steps if step["Node Type"] == "Index Scan"]
    assert sum(step["Actual Rows"] * step["Actual Loops"] for step in looked_up) <= 500


@pytest.mark.parametrize("sort", SORTS)
def test_postgresql_walks_no_order_for_what_is_nowhere(filled: Postgres, sort: Sort) -> None:
    names = {step["Index Name"] for step in searched(filled, sort, "zzzq") + searched(filled, sort, "xq")}
    assert names <= {"images_by_part_of_name", "images_by_name"}


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("plans") / "shoebox.sqlite"
    migrate_sqlite(path, SQLITE_SCHEMA)
    return path


@pytest.mark.parametrize("in_collection", [False, True])
@pytest.mark.parametrize(("statement", "place"), STATEMENTS_OF_PLACES)
@pytest.mark.parametrize("sort", SORTS)
def test_sqlite_walks_an_index(file: Path, sort: Sort, statement: Statement, place: str, in_collection: bool) -> None:
    access, far, offset = PLACES[place]
    shape = Shape(sort=sort, collection=in_collection, text=False, access=access, skips=offset > 0, far=far)
    text = statement(shape, SQLITE)
    parameters = {"size": 8, "offset": offset, "value": 0, "id": 77, "collection": "c"}
    with closing(sqlite3.connect(file)) as connection:
        steps = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {text}", parameters)]
    on_images = [step for step in steps if " images" in step]
    assert on_images
    assert all("USING" in step for step in on_images)
    assert not [step for step in steps if "TEMP B-TREE" in step]
