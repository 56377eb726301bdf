"""What only SQLite has to prove: durable commits, several processes, a file that goes away."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from services.backend.tests.databases import empty_sqlite
from services.backend.tests.pictures import new_image, stock
from shoebox.db import sqlite
from shoebox.db.sqlite import SqliteRepository
from shoebox.domain.errors import StorageFull, Unavailable
from shoebox.domain.listing import Filter, ListQuery

PATIENCE = 60.0  # seconds
CHECKOUT = Path(__file__).parents[5]

WRITER = textwrap.dedent(
    """
    import sys
    from pathlib import Path
    from services.backend.tests.pictures import new_image
    from shoebox.db.sqlite import SqliteRepository

    repository = SqliteRepository(Path(sys.argv[1]))
    for n in range(int(sys.argv[2])):
        image = repository.add(new_image(collection=f"c{n % 2}"))
        if n % 5 == 0:
            repository.delete(image.key)
        else:
            print(image.key, flush=True)
    """
)


@pytest.fixture
def repository(tmp_path: Path) -> Iterator[SqliteRepository]:
    with empty_sqlite(tmp_path) as opened:
        yield opened


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "shoebox.sqlite"


def writer(path: Path, count: int) -> subprocess.Popen[str]:
    """A process that adds `count` pictures, deletes every fifth and prints the keys of the others."""
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path), str(count)],
        cwd=CHECKOUT,
        env={"PYTHONPATH": f"{CHECKOUT}:{CHECKOUT / 'services/backend/src'}"},
        stdout=subprocess.PIPE,
        text=True,
    )


def test_a_commit_survives_the_power(repository: SqliteRepository, path: Path) -> None:
    repository.ping()
    with closing(sqlite.connect(path)) as connection:
        assert connection.execute("PRAGMA synchronous").fetchall() == [(2,)]  # FULL
        assert connection.execute("PRAGMA journal_mode").fetchall() == [("wal",)]


def test_several_processes_write_one_file(repository: SqliteRepository, path: Path) -> None:
    writers = [writer(path, 50) for _ in range(4)]
    outputs = [process.communicate(timeout=PATIENCE)[0] for process in writers]
    assert [process.returncode for process in writers] == [0] * 4
    keys = {key for output in outputs for key in output.split()}
    assert set(repository.keys()) == keys
    totals = [repository.page(ListQuery(filter=Filter(collection=name))).total for name in (None, "c0", "c1")]
    assert totals == [160, 80, 80]


def test_what_a_killed_process_had_answered_is_there(repository: SqliteRepository, path: Path) -> None:
    process = writer(path, 100_000)
    assert process.stdout is not None
    keys = {process.stdout.readline().strip() for _ in range(20)}
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=PATIENCE)
    assert keys <= set(repository.keys(limit=100_000))
    assert repository.page(ListQuery()).total == len(repository.keys(limit=100_000))
    repository.add(new_image())


def test_a_file_that_went_away_is_an_error_and_not_a_new_store(tmp_path: Path) -> None:
    with closing(SqliteRepository(tmp_path / "absent.sqlite")) as repository, pytest.raises(Unavailable):
        repository.ping()
    assert list(tmp_path.iterdir()) == []


def test_a_writer_that_holds_the_file_too_long_makes_others_unavailable(
    repository: SqliteRepository, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "BUSY_TIMEOUT", 0.05)
    image = repository.add(new_image())
    with closing(sqlite3.connect(path, isolation_level=None)) as other, closing(SqliteRepository(path)) as impatient:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Unavailable):
            impatient.add(new_image())
        assert impatient.get(image.key) == image
        other.execute("ROLLBACK")
        impatient.add(new_image())


def test_a_full_disk_is_told_from_an_absent_database(path: Path, repository: SqliteRepository) -> None:
    stock(repository, 5)
    with closing(sqlite.connect(path)) as connection:
        connection.execute("PRAGMA max_page_count = 1")
        with pytest.raises(sqlite3.OperationalError) as full:
            connection.execute("CREATE TABLE more AS SELECT zeroblob(1000000)")
    assert isinstance(sqlite.translated(full.value), StorageFull)


def test_pictures_moved_by_hand_are_counted_where_they_are(path: Path, repository: SqliteRepository) -> None:
    stock(repository, 4, collection="a")
    with closing(sqlite.connect(path)) as connection:
        connection.execute("UPDATE images SET collection = 'b' WHERE id > 1")
        connection.execute("UPDATE images SET collection = NULL WHERE id > 3")
    totals = [repository.page(ListQuery(filter=Filter(collection=name))).total for name in (None, "a", "b")]
    assert totals == [4, 1, 2]


def test_room_is_set_aside_for_a_deletion_on_a_full_disk(
    repository: SqliteRepository, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = repository.add(new_image()).key
    reserve = path.with_name(f"{path.name}-reserve")
    assert reserve.stat().st_size > 0
    run = repository._run

    def run_with_the_room_only(statement: str, parameters: dict[str, object]) -> object:
        if reserve.exists():
            raise StorageFull("The disk of the database is full.")
        return run(statement, parameters)

    monkeypatch.setattr(repository, "_run", run_with_the_room_only)
    assert repository.delete(key).key == key
    monkeypatch.undo()
    repository.delete(repository.add(new_image()).key)
    assert reserve.stat().st_size > 0
