"""The sweep and the check: what they take away, what they leave, what they tell."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest

from services.backend.tests.fakes.repository import MemoryRepository
from services.backend.tests.fakes.storage import MemoryStorage
from services.backend.tests.pictures import new_image
from shoebox.app.sweep import Phase, Progress, Sweeper
from shoebox.domain.errors import NotFound, Unavailable
from shoebox.ports import StoredFile

WITH_ROW = "aaaaaaaaaaaa.jpg"
WITHOUT_ROW = "bbbbbbbbbbbb.jpg"


class Watch:
    """A clock that runs ahead of the time at which the files were made."""

    def __init__(self, ahead: timedelta) -> None:
        self.ahead = ahead

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead


class Storage(MemoryStorage):
    """Remembers how old leftovers had to be, and how far it was walked."""

    def __init__(self) -> None:
        super().__init__()
        self.leftovers_older_than = 0.0
        self.told = 0

    def remove_leftovers(self, older_than: float) -> int:
        self.leftovers_older_than = older_than
        return 3

    def files(self) -> Iterator[StoredFile]:
        for file in super().files():
            self.told += 1
            yield file


@pytest.fixture
def storage() -> Storage:
    return Storage()


@pytest.fixture
def repository() -> MemoryRepository:
    return MemoryRepository()


def sweeper(storage: MemoryStorage, repository: MemoryRepository, *, hours: float = 2) -> Sweeper:
    return Sweeper(storage=storage, repository=repository, clock=Watch(timedelta(hours=hours)))


def publish(storage: MemoryStorage, key: str, data: bytes = b"picture") -> None:
    with storage.stage() as staged:
        staged.write(data)
        storage.publish(staged, key, sha256(data).hexdigest())


def put(storage: MemoryStorage, repository: MemoryRepository, key: str) -> None:
    publish(storage, key)
    repository.add(new_image(key=key))


def keys(storage: MemoryStorage) -> set[str]:
    return {file.key for file in MemoryStorage.files(storage)}


def test_an_old_file_without_a_row_is_removed_and_one_with_a_row_stays(
    storage: Storage, repository: MemoryRepository
) -> None:
    put(storage, repository, WITH_ROW)
    publish(storage, WITHOUT_ROW)
    report = sweeper(storage, repository).sweep()
    assert keys(storage) == {WITH_ROW}
    assert (report.files, report.rows, report.removed, report.strays, report.missing) == (2, 1, 1, 0, 0)
    assert report.sound


def test_a_young_file_without_a_row_may_still_get_one(storage: Storage, repository: MemoryRepository) -> None:
    publish(storage, WITHOUT_ROW)
    report = sweeper(storage, repository, hours=0.9).sweep()
    assert keys(storage) == {WITHOUT_ROW}
    assert report.removed == 0
    assert sweeper(storage, repository, hours=0.9).check().sound


def test_the_grace_period_is_the_callers_to_choose(storage: Storage, repository: MemoryRepository) -> None:
    publish(storage, WITHOUT_ROW)
    clock = Watch(timedelta(seconds=2))
    Sweeper(storage=storage, repository=repository, clock=clock, grace=timedelta(seconds=1)).sweep()
    assert keys(storage) == set()


def test_an_upload_that_commits_while_the_files_are_listed_is_kept(repository: MemoryRepository) -> None:
    class Committing(MemoryStorage):
        def files(self) -> Iterator[StoredFile]:
            yield from super().files()
            repository.add(new_image(key=WITHOUT_ROW))

    storage = Committing()
    publish(storage, WITHOUT_ROW)
    assert sweeper(storage, repository).sweep().removed == 0
    assert keys(storage) == {WITHOUT_ROW}


def test_leftovers_get_the_same_grace_period_and_are_counted(storage: Storage, repository: MemoryRepository) -> None:
    report = sweeper(storage, repository, hours=0).sweep()
    assert report.leftovers == 3
    assert abs(storage.leftovers_older_than - (datetime.now(UTC).timestamp() - 3600)) < 60


def test_a_row_without_a_file_is_told_and_nothing_is_done_about_it(
    storage: Storage, repository: MemoryRepository
) -> None:
    put(storage, repository, WITH_ROW)
    repository.add(new_image(key=WITHOUT_ROW))
    report = sweeper(storage, repository).sweep()
    assert (report.rows, report.missing, report.missing_keys) == (2, 1, (WITHOUT_ROW,))
    assert not report.sound
    assert repository.get(WITHOUT_ROW).key == WITHOUT_ROW


def test_a_picture_that_is_deleted_meanwhile_is_not_missing(repository: MemoryRepository) -> None:
    class Deleting(MemoryStorage):
        def open(self, key: str) -> object:
            repository.delete(key)
            raise NotFound("There is no such picture.")

    storage = Deleting()
    put(storage, repository, WITH_ROW)
    assert sweeper(storage, repository).check().missing == 0


def test_a_report_counts_all_missing_files_and_names_a_hundred(storage: Storage, repository: MemoryRepository) -> None:
    for number in range(1234):
        repository.add(new_image(key=f"{number:012d}.jpg"))
    report = sweeper(storage, repository).check()
    assert report.missing == 1234
    assert report.missing_keys == tuple(f"{number:012d}.jpg" for number in range(100))


def test_a_check_tells_what_a_sweep_would_remove_and_removes_nothing(
    storage: Storage, repository: MemoryRepository
) -> None:
    put(storage, repository, WITH_ROW)
    publish(storage, WITHOUT_ROW)
    report = sweeper(storage, repository).check()
    assert (report.strays, report.removed, report.leftovers) == (1, 0, 0)
    assert not report.sound
    assert keys(storage) == {WITH_ROW, WITHOUT_ROW}
    assert storage.leftovers_older_than == 0


def test_a_check_is_clean_after_a_sweep(storage: Storage, repository: MemoryRepository) -> None:
    put(storage, repository, WITH_ROW)
    publish(storage, WITHOUT_ROW)
    sweeper(storage, repository).sweep()
    assert sweeper(storage, repository).check().sound


def test_the_database_is_asked_about_a_thousand_files_at_a_time_and_no_more_are_held(storage: Storage) -> None:
    class Asked(MemoryRepository):
        questions: list[tuple[int, int]]

        def known(self, keys: Iterable[str]) -> frozenset[str]:
            asked = list(keys)
            self.questions.append((len(asked), storage.told))
            return super().known(asked)

    repository = Asked()
    repository.questions = []
    for number in range(2500):
        put(storage, repository, f"{number:012d}.jpg")
    sweeper(storage, repository).check()
    assert repository.questions == [(1000, 1000), (1000, 2000), (500, 2500)]


def test_progress_tells_how_far_of_how_much_in_each_phase(storage: Storage, repository: MemoryRepository) -> None:
    for number in range(1500):
        put(storage, repository, f"{number:012d}.jpg")
    publish(storage, WITHOUT_ROW)
    told: list[Progress] = []
    sweeper(storage, repository).sweep(told.append)
    assert [(step.phase, step.done, step.total) for step in told] == [
        (Phase.FILES, 1000, 1500),
        (Phase.FILES, 1501, 1501),
        (Phase.LEFTOVERS, 0, None),
        (Phase.LEFTOVERS, 3, 3),
        (Phase.ROWS, 1000, 1500),
        (Phase.ROWS, 1500, 1500),
    ]


def test_an_empty_store_is_sound(storage: Storage, repository: MemoryRepository) -> None:
    report = sweeper(storage, repository).check()
    assert report.sound
    assert (report.files, report.rows) == (0, 0)


def test_nothing_is_removed_while_the_database_is_away(storage: Storage, repository: MemoryRepository) -> None:
    put(storage, repository, WITH_ROW)
    repository.away = True
    with pytest.raises(Unavailable):
        sweeper(storage, repository).sweep()
    assert keys(storage) == {WITH_ROW}


def test_of_many_hosts_one_sweeps_within_the_hour(storage: Storage, repository: MemoryRepository) -> None:
    put(storage, repository, WITH_ROW)
    publish(storage, WITHOUT_ROW)
    first = sweeper(storage, repository).run_once_per_deployment()
    assert first is not None
    assert first.removed == 1
    publish(storage, WITHOUT_ROW)
    assert sweeper(storage, repository).run_once_per_deployment() is None
    assert keys(storage) == {WITH_ROW, WITHOUT_ROW}


def test_with_nobody_watching_a_wrong_database_costs_no_picture(storage: Storage) -> None:
    for number in range(20):
        publish(storage, f"{number:012d}.jpg")
    report = sweeper(storage, MemoryRepository()).run_once_per_deployment()
    assert report is not None
    assert report.doubtful
    assert (report.strays, report.removed) == (20, 0)
    assert len(keys(storage)) == 20
