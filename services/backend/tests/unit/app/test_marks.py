"""Two databases over one store: neither takes the other's pictures for leftovers."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest

from services.backend.tests.fakes.application import World
from services.backend.tests.fakes.codec import picture
from services.backend.tests.fakes.repository import MemoryRepository
from services.backend.tests.fakes.storage import MemoryStorage
from services.backend.tests.unit.app.test_sweep import keys, publish, put, sweeper
from shoebox.app.marks import Marks
from shoebox.app.upload import Uploads
from shoebox.domain.errors import SharedStore, Unavailable
from shoebox.domain.image import Image, NewImage
from shoebox.metrics import families
from shoebox.metrics.exposition import sums
from shoebox.metrics.measured import note_sweep
from shoebox.metrics.tally import Tally, read

MINE = "aaaaaaaaaaaa.jpg"
ITS = "bbbbbbbbbbbb.jpg"
LEFTOVER = "cccccccccccc.jpg"


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


def upload(uploads: Uploads) -> str:
    with uploads.receive() as incoming:
        incoming.write(picture())
        return uploads.store(incoming, original_name="a.png", collection=None).key


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
    storage: MemoryStorage, mine: MemoryRepository, caplog: pytest.LogCaptureFixture
) -> None:
    marks(storage, mine).announce()
    assert not caplog.records
    marks(storage, MemoryRepository()).announce()
    assert [record.message for record in caplog.records] == ["store shared"]


def test_a_database_that_never_had_a_picture_is_in_nobodys_way(storage: MemoryStorage) -> None:
    empty, mine = World(storage=storage), World(storage=storage)
    for _ in range(2):
        marks(storage, empty.repository).announce()
        sweeper(storage, empty.repository).run_once_per_deployment()
    key = upload(mine.application().uploads)
    publish(storage, LEFTOVER)
    assert sweeper(storage, mine.repository).sweep().removed == 1
    assert keys(storage) == {key}


def test_the_mark_is_there_before_the_first_picture_is(storage: MemoryStorage, monkeypatch: pytest.MonkeyPatch) -> None:
    world, seen = World(storage=storage), []
    store = storage.publish

    def watched(*arguments: Any) -> None:
        seen.append(storage.marks())
        store(*arguments)

    monkeypatch.setattr(storage, "publish", watched)
    upload(world.application().uploads)
    assert seen == [{world.repository.identity()}]


def test_a_picture_whose_row_is_still_to_come_is_safe_from_others(
    storage: MemoryStorage, mine: MemoryRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(storage=storage)

    def lose(_: NewImage) -> Image:
        raise Unavailable("The database died.")

    monkeypatch.setattr(world.repository, "add", lose)
    with pytest.raises(Unavailable):
        upload(world.application().uploads)
    with pytest.raises(SharedStore):
        sweeper(storage, mine).sweep()
    assert len(keys(storage)) == 2


def test_where_no_mark_can_be_left_no_picture_is_stored(
    storage: MemoryStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(storage=storage)
    uploads = world.application().uploads

    def refuse(_: str) -> None:
        raise Unavailable("The storage is away.")

    with monkeypatch.context() as broken:
        broken.setattr(storage, "mark", refuse)
        with pytest.raises(Unavailable):
            upload(uploads)
        assert (keys(storage), world.repository.keys()) == (set(), ())
    upload(uploads)
    assert storage.marks() == {world.repository.identity()}


def test_only_the_first_picture_of_a_process_asks_for_the_mark(
    storage: MemoryStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(storage=storage)
    uploads = world.application().uploads
    upload(uploads)
    monkeypatch.delattr(MemoryStorage, "mark")
    monkeypatch.delattr(MemoryRepository, "identity")
    upload(uploads)
    assert len(keys(storage)) == 2


def test_a_database_with_pictures_from_before_there_were_marks_leaves_one_when_it_starts(
    storage: MemoryStorage,
) -> None:
    repository = MemoryRepository()
    put(storage, repository, MINE)
    marks(storage, repository).announce()
    assert storage.marks() == {repository.identity()}


def test_a_database_that_was_emptied_keeps_its_mark(storage: MemoryStorage, mine: MemoryRepository) -> None:
    mine.delete(MINE)
    storage.delete(MINE)
    sweeper(storage, mine).run_once_per_deployment()
    assert storage.marks() == {mine.identity()}


def test_a_store_that_is_away_is_not_swept(storage: MemoryStorage, mine: MemoryRepository) -> None:
    storage.away = True
    with pytest.raises(Unavailable):
        sweeper(storage, mine).run_once_per_deployment()
    storage.away = False
    assert keys(storage) == {MINE}
