"""Backups of whole stores: what is in them, and what happens to the store meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from services.backend.tests.integration.backup.conftest import MakeStore, Store
from services.backend.tests.integration.backup.folders import NAME, backup_folder, files
from services.backend.tests.waiting import PATIENCE
from shoebox.app.backup import Backups
from shoebox.domain.backup import BackupError, DumpedPicture, Manifest
from shoebox.domain.errors import NotFound, Unavailable
from shoebox.ports import Dumper


class Dumping:
    """A dumper that does something right after the dump's moment."""

    def __init__(self, dumper: Dumper, after: threading.Event) -> None:
        self._dumper = dumper
        self.kind = dumper.kind
        self.dumped = threading.Event()
        self._after = after

    def dump(self, file: Path) -> None:
        self._dumper.dump(file)
        self.dumped.set()
        assert self._after.wait(PATIENCE)

    def pictures(self, file: Path) -> Iterator[DumpedPicture]:
        return self._dumper.pictures(file)

    def load(self, file: Path) -> None:
        self._dumper.load(file)


def test_a_picture_is_copied_once_and_then_shared_by_all_backups(store: Store, tmp_path: Path) -> None:
    old = [store.add() for _ in range(3)]
    first = store.backups().run()
    store.clock.time += timedelta(days=1)
    new = store.add()
    second = store.backups().run()
    assert (first.copied, second.copied, second.pictures) == (3, 1, 4)
    before, after = files(backup_folder(tmp_path, first)), files(backup_folder(tmp_path, second))
    assert set(before) == set(old)
    assert set(after) == {*old, new}
    assert all(before[key].samefile(after[key]) for key in old)


def test_no_file_of_a_backup_is_the_stores_own(store: Store, tmp_path: Path) -> None:
    key = store.add()
    manifest = store.backups().run()
    assert not files(backup_folder(tmp_path, manifest))[key].samefile(store.images / "images" / key[:2] / key)


def test_a_picture_deleted_while_it_is_backed_up_is_gone_for_visitors_and_in_the_backup(
    make_store: MakeStore,
) -> None:
    store = make_store("first")
    kept, deleted = store.add(), store.add(b"deleted")
    goes_on = threading.Event()
    dumper = Dumping(store.dumper, goes_on)
    made: list[Manifest] = []
    thread = threading.Thread(target=lambda: made.append(store.backups(dumper).run()))
    thread.start()
    assert dumper.dumped.wait(PATIENCE)
    store.remove(deleted)
    with pytest.raises(NotFound):
        store.storage.open(deleted)
    late = store.add()
    goes_on.set()
    thread.join(PATIENCE)
    assert (made[0].pictures, made[0].absent) == (2, ())
    other = make_store("second")
    assert other.restoration().run(Path(NAME)).report.sound
    assert set(other.pictures()) == {kept, deleted}
    assert set(store.pictures()) == {kept, late}
    assert sum(path.is_file() for path in (store.images / "held").iterdir()) == 0
    contents = [path for path in (store.images / "content").rglob("*") if path.is_file()]
    assert len(contents) == 2


def test_where_deletions_cannot_be_held_their_rows_are_left_out_by_the_restore(make_store: MakeStore) -> None:
    store = make_store("first")
    kept, deleted = store.add(), store.add()

    class Removing(Dumping):
        def dump(self, file: Path) -> None:
            self._dumper.dump(file)
            store.repository.delete(deleted)
            (store.images / "images" / deleted[:2] / deleted).unlink()

    manifest = store.backups(Removing(store.dumper, threading.Event())).run()
    assert (manifest.pictures, manifest.absent, manifest.lost) == (1, (deleted,), 0)
    other = make_store("second")
    restored = other.restoration().run(Path(NAME))
    assert (restored.left_out, restored.report.sound) == (1, True)
    assert set(other.pictures()) == {kept}
    assert other.total() == 1


def test_a_lost_and_a_damaged_picture_are_told_and_the_others_backed_up(store: Store) -> None:
    lost, damaged, good = store.add(), store.add(b"whole"), store.add()
    (store.images / "images" / lost[:2] / lost).unlink()
    (store.images / "images" / damaged[:2] / damaged).write_bytes(b"whale")
    manifest = store.backups().run()
    assert (manifest.pictures, set(manifest.absent), manifest.lost) == (1, {lost, damaged}, 2)
    assert store.repository.get(good)


def test_what_an_earlier_backup_holds_outlives_its_damage_in_the_store(make_store: MakeStore) -> None:
    store = make_store("first")
    key = store.add(b"whole")
    store.backups().run()
    (store.images / "images" / key[:2] / key).write_bytes(b"whale")
    store.clock.time += timedelta(days=1)
    manifest = store.backups().run()
    assert manifest.lost == 0
    other = make_store("second")
    other.restoration().run(Path(manifest.name))
    assert other.pictures() == {key: b"whole"}


def test_an_interrupted_backup_is_none_and_is_cleared_away_by_the_next(store: Store, tmp_path: Path) -> None:
    store.add()
    with store.archive.draft() as draft:
        store.dumper.dump(draft.dump)
        left = draft.dump.parent
        copy = tmp_path / "backups" / ".unfinished-99999"
        left.rename(copy)  # as a power cut leaves it
    assert store.archive.names() == ()
    assert store.backups().run().name == NAME
    assert not copy.exists()
    assert store.archive.names() == (NAME,)
    for text in (copy.name, "shoebox-2026-01-01T00-00-00Z"):
        with pytest.raises(BackupError, match=f"There are: {NAME}"):
            store.archive.open(tmp_path / "backups" / text)


def test_only_one_backup_is_taken_at_a_time(store: Store) -> None:
    with store.archive.draft(), pytest.raises(BackupError, match="Another backup"):
        store.backups().run()
    with store.storage.hold(), pytest.raises(Unavailable, match="Another backup"):
        store.backups().run()
    assert isinstance(store.backups(), Backups)
    assert store.backups().run().name == NAME


def test_a_backup_under_uploads_and_deletions_names_only_pictures_that_it_holds(make_store: MakeStore) -> None:
    store = make_store("first")
    for _ in range(50):
        store.add()
    ended = threading.Event()

    def churn() -> None:
        mine: list[str] = []
        while not ended.is_set():
            mine.append(store.add())
            if len(mine) > 3:
                store.remove(mine.pop(0))

    threads = [threading.Thread(target=churn) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        manifests = []
        for _ in range(4):
            manifests.append(store.backups().run())
            store.clock.time += timedelta(minutes=1)
    finally:
        ended.set()
        for thread in threads:
            thread.join()
    assert [manifest.absent for manifest in manifests] == [()] * 4
    other = make_store("second")
    restored = other.restoration().run(Path(manifests[-1].name))
    assert restored.report.sound
    assert len(other.pictures()) == manifests[-1].pictures == other.total()
