"""Two databases over one store: neither takes the other's pictures for leftovers."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from services.backend.tests.fakes.repository import MemoryRepository
from services.backend.tests.fakes.storage import MemoryStorage
from services.backend.tests.unit.app.test_sweep import keys, put, sweeper
from shoebox.app.marks import Marks
from shoebox.domain.errors import SharedStore, Unavailable
from shoebox.metrics import families
from shoebox.metrics.exposition import sums
from shoebox.metrics.measured import note_sweep
from shoebox.metrics.tally import Tally, read

MINE = "aaaaaaaaaaaa.jpg"
ITS = "bbbbbbbbbbbb.jpg"


@pytest.fixture
def storage() -> MemoryStorage:
    return MemoryStorage()


@pytest.fixture
def mine(storage: MemoryStorage) -> MemoryRepository:
    """A database with a picture in the store, and a mark."""
    return with_picture(storage, MINE)


def with_picture(storage: MemoryStorage, *pictures: str) -> MemoryRepository:
    repository = MemoryRepository()
    marks(storage, repository).leave()
    for key in pictures:
        put(storage, repository, key)
    return repository


def marks(storage: MemoryStorage, repository: MemoryRepository) -> Marks:
    return Marks(storage=storage, repository=repository)


def test_neither_of_two_databases_sweeps_the_store_they_share(storage: MemoryStorage, mine: MemoryRepository) -> None:
    its = with_picture(storage, ITS)
    for repository in (mine, its):
        report = sweeper(storage, repository).run_once_per_deployment()
        assert report is not None
        assert (report.others, report.strays, report.removed) == (1, 1, 0)
        with pytest.raises(SharedStore, match="--claim"):
            sweeper(storage, repository).sweep()
    assert keys(storage) == {MINE, ITS}


def test_a_few_pictures_of_another_are_as_safe_as_many(storage: MemoryStorage) -> None:
    many = with_picture(storage, *(f"{number:012d}.jpg" for number in range(20)))
    with_picture(storage, ITS)
    sweeper(storage, many).run_once_per_deployment()
    assert ITS in keys(storage)


def test_a_refused_sweep_says_what_to_do_and_counts_as_refused(
    storage: MemoryStorage, mine: MemoryRepository, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    with_picture(storage)
    report = sweeper(storage, mine).run_once_per_deployment()
    (record,) = (record for record in caplog.records if record.message == "sweep refused")
    assert record.levelno == logging.ERROR
    assert "shoebox sweep --claim" in record.__dict__["reason"]
    assert report is not None
    note_sweep(Tally(tmp_path), report)
    assert list(sums(read(tmp_path))[families.SWEEPS]) == [("refused",)]


def test_who_claims_a_store_sweeps_it(storage: MemoryStorage, mine: MemoryRepository) -> None:
    with_picture(storage, ITS)
    sweeper(storage, mine).claim()
    assert sweeper(storage, mine).sweep().removed == 1
    assert keys(storage) == {MINE}


def test_a_database_that_goes_on_marks_a_store_again_that_was_claimed(
    storage: MemoryStorage, mine: MemoryRepository
) -> None:
    its = with_picture(storage, ITS)
    sweeper(storage, mine).claim()
    sweeper(storage, its).run_once_per_deployment()
    with pytest.raises(SharedStore):
        sweeper(storage, mine).sweep()
    assert keys(storage) == {MINE, ITS}


def test_a_store_without_marks_is_swept_as_ever(storage: MemoryStorage) -> None:
    repository = MemoryRepository()
    put(storage, repository, MINE)
    assert sweeper(storage, repository).sweep().removed == 0
    assert storage.marks() == frozenset()


def test_looking_leaves_no_mark(storage: MemoryStorage, mine: MemoryRepository) -> None:
    stranger = MemoryRepository()
    assert sweeper(storage, stranger).check().others == 1
    with pytest.raises(SharedStore):
        sweeper(storage, stranger).sweep()
    assert storage.marks() == {mine.identity()}


def test_only_the_second_database_is_warned_of_the_first(
    storage: MemoryStorage, caplog: pytest.LogCaptureFixture
) -> None:
    marks(storage, MemoryRepository()).announce()
    assert not caplog.records
    marks(storage, MemoryRepository()).announce()
    assert [record.message for record in caplog.records] == ["store shared"]


def test_a_store_that_is_away_is_not_swept(storage: MemoryStorage, mine: MemoryRepository) -> None:
    storage.away = True
    with pytest.raises(Unavailable):
        sweeper(storage, mine).run_once_per_deployment()
    storage.away = False
    assert keys(storage) == {MINE}
