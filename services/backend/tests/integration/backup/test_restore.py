"""What is left of a store after a restore."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from services.backend.tests.databases import ask, settings
from services.backend.tests.integration.backup.conftest import MakeStore
from services.backend.tests.integration.backup.folders import NAME, backup_folder, files
from shoebox.db.dump_postgres import PostgresDumper
from shoebox.domain.backup import BackupError
from tests.stack.postgres import Postgres

ANOTHER = "0123456789abcdef" * 2  # a database


def test_a_backup_restores_into_an_empty_store_byte_for_byte(make_store: MakeStore) -> None:
    store = make_store("first")
    store.add(b"twice", collection="cats")
    store.add(b"twice", collection="cats")
    for _ in range(5):
        store.add()
    store.remove(store.add())
    manifest = store.backups().run()
    assert (manifest.name, manifest.pictures, manifest.copied, manifest.absent) == (NAME, 7, 6, ())
    other = make_store("second")
    restored = other.restoration().run(Path(NAME))
    assert other.pictures() == store.pictures()
    assert (restored.report.rows, restored.report.sound, restored.left_out) == (7, True, 0)
    assert (other.total(), other.total("cats")) == (7, 2)
    other.remove(other.add(collection="cats"))
    assert (other.total(), other.total("cats")) == (7, 2)


def test_an_id_is_not_used_again_after_a_restore(make_store: MakeStore) -> None:
    store, other = make_store("first"), make_store("second")
    ids = [store.repository.get(store.add()).id for _ in range(3)]
    store.backups().run()
    other.restoration().run(Path(NAME))
    assert other.repository.get(other.add()).id > max(ids)


def test_a_restored_store_is_its_databases_alone_and_that_is_not_the_one_of_the_backup(
    make_store: MakeStore,
) -> None:
    store, other = make_store("first"), make_store("second")
    store.storage.mark(store.repository.identity())
    other.storage.mark(other.repository.identity())
    store.add()
    store.backups().run()
    restored = other.restoration().run(Path(NAME))
    assert other.storage.marks() == {other.repository.identity()}
    assert other.repository.identity() != store.repository.identity()
    assert restored.report.others == 0


def test_a_restore_takes_no_picture_of_another_database(make_store: MakeStore) -> None:
    store, other = make_store("first"), make_store("second")
    store.add()
    store.backups().run()
    other.storage.mark(ANOTHER)
    with other.storage.stage() as staged:
        staged.write(b"another's")
        other.storage.publish(staged, "aaaaaaaaaaaa.jpg", "11" * 32)
    other.clock.time = datetime.now(UTC) + timedelta(hours=2)
    restored = other.restoration().run(Path(NAME), force=True)
    assert (restored.report.others, restored.report.strays, restored.report.removed) == (1, 1, 0)
    assert other.storage.marks() == {ANOTHER, other.repository.identity()}


def test_a_full_store_is_refused_and_replaced_only_by_force(make_store: MakeStore) -> None:
    store, other = make_store("first"), make_store("second")
    key = store.add()
    store.backups().run()
    for _ in range(3):
        mine = other.add()
    last_id = other.repository.get(mine).id
    with pytest.raises(BackupError, match=r"holds 3 pictures\. --force"):
        other.restoration().run(Path(NAME))
    assert mine in other.pictures()
    other.restoration().run(Path(NAME), force=True)
    assert other.pictures() == store.pictures()
    assert set(other.pictures()) == {key}
    assert other.repository.get(other.add()).id > last_id


def test_a_restore_puts_right_what_an_interrupted_one_or_a_bad_disk_left(make_store: MakeStore) -> None:
    store = make_store("first")
    keys = [store.add(b"whole"), store.add(), store.add()]
    wanted = store.pictures()
    store.backups().run()
    (store.images / "images" / keys[0][:2] / keys[0]).write_bytes(b"whale")
    (store.images / "images" / keys[1][:2] / keys[1]).unlink()
    assert store.restoration().run(Path(NAME), force=True).report.sound
    assert store.pictures() == wanted


@pytest.mark.parametrize("harm", ["cut", "gone"])
def test_a_damaged_picture_stops_a_restore_before_a_row_is_touched(
    make_store: MakeStore, tmp_path: Path, harm: str
) -> None:
    store, other = make_store("first"), make_store("second")
    good, bad = store.add(), store.add(b"a picture")
    manifest = store.backups().run()
    file = files(backup_folder(tmp_path, manifest))[bad]
    if harm == "cut":
        file.write_bytes(b"a pict")
    else:
        file.unlink()
    with pytest.raises(BackupError, match="--skip-damaged"):
        other.restoration().run(Path(NAME))
    assert other.total() == 0
    restored = other.restoration().run(Path(NAME), skip_damaged=True)
    assert (restored.left_out, restored.report.sound) == (1, True)
    assert set(other.pictures()) == {good}


def test_a_damaged_dump_is_refused(make_store: MakeStore, tmp_path: Path) -> None:
    store, other = make_store("first"), make_store("second")
    store.add()
    dump = backup_folder(tmp_path, store.backups().run()) / "database"
    data = bytearray(dump.read_bytes())
    data[len(data) // 2] ^= 1
    dump.write_bytes(data)
    with pytest.raises(BackupError, match="is damaged"):
        other.restoration().run(Path(NAME))
    assert other.total() == 0


@pytest.mark.parametrize("make_store", ["postgresql"], indirect=True)
def test_a_restore_that_the_database_refuses_half_way_changes_nothing(
    make_store: MakeStore, postgres: Postgres
) -> None:
    store, other = make_store("first"), make_store("second")
    store.add()
    store.backups().run()
    mine = other.add()
    ask(replace(postgres.login, database="backup_second"), "CREATE VIEW names AS SELECT original_name FROM images")
    with pytest.raises(BackupError, match="cannot drop table"):
        other.restoration().run(Path(NAME), force=True)
    assert set(other.pictures()) == {mine}
    assert other.total() == 1
    with pytest.raises(BackupError, match=r"pg_dump failed: .*password authentication failed"):
        store.backups(PostgresDumper(replace(settings(postgres.login), password="wrong:\\"))).run()
