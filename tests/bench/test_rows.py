"""Stores that are made by the row: sound ones, the same from the same seed."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from PIL import Image

from shoebox.db.migrate import migrate_sqlite
from shoebox.domain.names import fold, is_key
from tests.bench import files, rows
from tests.stack.checkout import CHECKOUT

COUNT = 300
COUNTS = "SELECT collection, sum(n) FROM image_counts GROUP BY collection ORDER BY collection"
TRUTH = """
SELECT '', count(*) FROM images UNION ALL
SELECT collection, count(*) FROM images WHERE collection IS NOT NULL GROUP BY collection ORDER BY 1"""
INDEXES = "SELECT name FROM sqlite_master WHERE type = 'index' AND tbl_name = 'images' ORDER BY name"


@pytest.fixture
def database(tmp_path: Path) -> Path:
    migrate_sqlite(tmp_path / "shoebox.sqlite", CHECKOUT / "init-sql" / "sqlite")
    return tmp_path / "shoebox.sqlite"


def ask(database: Path, statement: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(database)) as connection:
        return connection.execute(statement).fetchall()


@pytest.mark.parametrize("bulk", [False, True])
def test_counters_are_exact_and_indexes_are_all_there(database: Path, bulk: bool) -> None:
    before = ask(database, INDEXES)
    rows.load_sqlite(database, rows.make(COUNT), bulk=bulk)
    rows.load_sqlite(database, rows.make(COUNT, first=COUNT), bulk=bulk)
    assert ask(database, COUNTS) == ask(database, TRUTH)
    assert ask(database, COUNTS)[0] == ("", 2 * COUNT)
    assert ask(database, INDEXES) == before


def test_rows_are_such_as_the_service_writes() -> None:
    made = list(rows.make(COUNT))
    assert made == list(rows.make(COUNT))
    assert len({row.key for row in made}) == COUNT
    assert all(is_key(row.key) and row.name_key == fold(row.original_name) and row.size > 0 for row in made)
    assert [row.uploaded_at for row in made] == sorted(row.uploaded_at for row in made)


def test_files_are_pictures_and_have_the_size_and_content_their_rows_say(tmp_path: Path) -> None:
    for row in files.make(tmp_path, 20):
        file = tmp_path / "images" / row.key[:2] / row.key
        assert file.stat().st_size == row.size
        assert file.samefile(tmp_path / "content" / row.sha256.hex()[:2] / row.sha256.hex())
        with Image.open(file) as picture:
            picture.load()
            assert picture.size == (row.width, row.height)
