"""What is synced and when: enough for a promise to outlive the power, and nothing on top."""

from __future__ import annotations

import os
from pathlib import Path

from services.backend.tests.blobs import publish
from services.backend.tests.integration.storage.pictures import KEY, OTHER, PICTURE, content_path, picture_path
from services.backend.tests.integration.storage.systems import Watched
from shoebox.storage.disk import DiskStorage


def test_an_upload_costs_one_sync_of_the_file_and_then_one_of_the_folder(tmp_path: Path) -> None:
    storage = DiskStorage(tmp_path, system=(system := Watched()))
    publish(storage, b"makes the folder", OTHER)
    content_path(tmp_path).parent.mkdir()
    system.calls.clear()
    publish(storage, PICTURE, KEY)
    kept = [name for name in system.names() if name in {"fdatasync", "fsync", "link", "write"}]
    assert kept == ["write", "fdatasync", "link", "link", "fsync"]


def test_a_start_on_a_store_that_is_there_syncs_nothing(tmp_path: Path) -> None:
    publish(DiskStorage(tmp_path), PICTURE, KEY)
    DiskStorage(tmp_path, system=(system := Watched()))
    assert "fsync" not in system.names()


def test_an_equal_upload_costs_no_sync_of_the_file(tmp_path: Path) -> None:
    storage = DiskStorage(tmp_path, system=(system := Watched()))
    publish(storage, PICTURE, OTHER)
    system.calls.clear()
    publish(storage, PICTURE, KEY)
    assert [name for name in system.names() if "sync" in name] == ["fsync"]


def test_a_new_folder_is_opened_to_others_after_its_own_name_is_synced(tmp_path: Path) -> None:
    storage = DiskStorage(tmp_path, system=(system := Watched()))
    system.calls.clear()
    publish(storage, PICTURE, KEY)
    folder = str(picture_path(tmp_path, KEY).parent)
    opened = {path: at for at, (name, (path, *_)) in enumerate(system.calls) if name == "open"}
    assert opened[str(tmp_path / "images")] > opened[folder]
    after = system.names()[opened[str(tmp_path / "images")] :]
    assert after[:4] == ["open", "fsync", "close", "fchmod"]


def test_a_folder_whose_maker_died_is_synced_by_the_next_upload(tmp_path: Path) -> None:
    storage = DiskStorage(tmp_path, system=(system := Watched()))
    picture_path(tmp_path, KEY).parent.mkdir(mode=0o700)
    system.calls.clear()
    publish(storage, PICTURE, KEY)
    assert ("open", (str(tmp_path / "images"), os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)) in system.calls
    assert picture_path(tmp_path, KEY).parent.stat().st_mode & 0o055


def test_a_deletion_is_synced_too(tmp_path: Path) -> None:
    storage = DiskStorage(tmp_path, system=(system := Watched()))
    publish(storage, PICTURE, KEY)
    system.calls.clear()
    storage.delete(KEY)
    names = system.names()
    assert names.index("fsync") > names.index("unlink")
