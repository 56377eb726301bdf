"""Many processes on one disk: the kernel's links are all they have in common."""

from __future__ import annotations

from contextlib import ExitStack, suppress
from pathlib import Path
from threading import Thread
from typing import Final

import pytest

from services.backend.tests.blobs import LATER, publish, read
from services.backend.tests.integration.storage.pictures import (
    KEY,
    OTHER,
    PICTURE,
    THUMBNAIL,
    content_path,
    files_below,
    picture_path,
)
from services.backend.tests.integration.storage.processes import in_a_process, together
from services.backend.tests.integration.storage.systems import Watched
from services.backend.tests.waiting import PATIENCE
from shoebox.domain.errors import NotFound
from shoebox.storage.disk import DiskStorage

A_MOMENT: Final = 0.3  # seconds that a deletion would take at most if it did not wait


def names(count: int) -> list[str]:
    return [f"{number:012x}.jpg" for number in range(count)]


def stored(storage: DiskStorage) -> list[str]:
    return sorted(file.key for file in storage.files())


def test_twenty_processes_that_publish_equal_pictures_keep_one_file(tmp_path: Path) -> None:
    storage = DiskStorage(tmp_path)
    together(20, lambda number: publish(storage, PICTURE, names(20)[number]))
    assert stored(storage) == names(20)
    assert {read(storage, key) for key in names(20)} == {PICTURE}
    assert len({picture_path(tmp_path, key).stat().st_ino for key in names(20)}) == 1
    assert content_path(tmp_path).stat().st_nlink == 21


def test_twenty_processes_that_publish_different_pictures_lose_none(tmp_path: Path) -> None:
    storage = DiskStorage(tmp_path)
    together(20, lambda number: publish(storage, PICTURE + bytes([number]), names(20)[number]))
    assert [read(storage, key) for key in names(20)] == [PICTURE + bytes([number]) for number in range(20)]
    assert files_below(tmp_path / "staging") == []


def test_twenty_processes_that_delete_equal_pictures_leave_the_others(tmp_path: Path) -> None:
    storage = DiskStorage(tmp_path)
    for key in (KEY, *names(20)):
        publish(storage, PICTURE, key)
    together(20, lambda number: storage.delete(names(20)[number]))
    assert stored(storage) == [KEY]
    assert read(storage, KEY) == PICTURE
    storage.delete(KEY)
    assert files_below(tmp_path) == []


def test_the_last_names_of_a_content_deleted_at_once_leave_nothing(tmp_path: Path) -> None:
    storage = DiskStorage(tmp_path)
    for key in names(20):
        publish(storage, PICTURE, key)
    together(20, lambda number: storage.delete(names(20)[number]))
    assert files_below(tmp_path) == []


def test_twenty_processes_may_delete_one_picture(tmp_path: Path) -> None:
    storage = DiskStorage(tmp_path)
    publish(storage, PICTURE, KEY)
    together(20, lambda _: storage.delete(KEY))
    assert files_below(tmp_path) == []


def test_uploads_deletions_and_sweeps_of_one_content_at_once_lose_nothing(tmp_path: Path) -> None:
    storage = DiskStorage(tmp_path)

    def come_and_go(number: int) -> None:
        for turn in range(40):
            key = f"{number:06x}{turn:06x}.jpg"
            publish(storage, PICTURE, key)
            assert read(storage, key) == PICTURE
            if turn % 8:
                storage.delete(key)

    def sweep() -> None:
        for _ in range(200):
            # As a sweep much later would: everything unnamed is old to it, except what is
            # being staged, which no upload leaves for an hour.
            for path in (tmp_path / "content").glob("*/*"):
                with suppress(FileNotFoundError):
                    if path.stat().st_nlink == 1:
                        path.unlink()

    together(9, lambda number: come_and_go(number) if number else sweep())
    left = [f"{number:06x}{turn:06x}.jpg" for number in range(1, 9) for turn in range(0, 40, 8)]
    assert stored(storage) == sorted(left)
    assert {read(storage, key) for key in left} == {PICTURE}
    for key in left:
        storage.delete(key)
    storage.remove_leftovers(LATER)
    assert files_below(tmp_path) == []


def test_no_thumbnail_is_seen_of_a_picture_that_was_deleted(tmp_path: Path) -> None:
    storage = DiskStorage(tmp_path)
    for key in names(100):
        publish(storage, PICTURE, key)

    def delete_all() -> None:
        for key in names(100):
            storage.delete(key)
            for _ in range(100):
                with pytest.raises(NotFound):
                    storage.open_thumbnail(key, 320)
        publish(storage, PICTURE, OTHER)

    def make_all() -> None:
        while OTHER not in stored(storage):
            for key in names(100):
                storage.put_thumbnail(key, 320, THUMBNAIL)

    together(4, lambda number: make_all() if number else delete_all())
    assert files_below(tmp_path / "thumbs") == []


def test_a_deletion_waits_for_a_thumbnail_that_is_just_being_kept(tmp_path: Path) -> None:
    storage = DiskStorage(tmp_path)
    publish(storage, PICTURE, KEY)
    storage.put_thumbnail(KEY, 320, b"an earlier one, so that its folder is there")
    deletion = Thread(target=storage.delete, args=(KEY,))

    def delete_meanwhile(_: int, name: str, __: tuple[object, ...]) -> int:
        if name == "rename":  # the picture was seen, its thumbnail gets its name now
            deletion.start()
            deletion.join(A_MOMENT)
        return 0

    DiskStorage(tmp_path, system=Watched(delete_meanwhile)).put_thumbnail(KEY, 320, THUMBNAIL)
    deletion.join(PATIENCE)
    assert files_below(tmp_path) == []


def test_one_process_at_a_time_makes_a_thumbnail(tmp_path: Path) -> None:
    storage = DiskStorage(tmp_path)
    publish(storage, PICTURE, KEY)
    made = tmp_path / "made"

    def make(_: int) -> None:
        with storage.making(KEY, 320):
            try:
                storage.open_thumbnail(KEY, 320).close()
            except NotFound:
                with made.open("a") as file:
                    file.write("x")
                storage.put_thumbnail(KEY, 320, THUMBNAIL)

    together(12, make)
    assert made.read_text() == "x"


def test_makers_of_different_thumbnails_do_not_wait_for_each_other(tmp_path: Path) -> None:
    storage = DiskStorage(tmp_path)
    with ExitStack() as held:
        for key in names(50):
            held.enter_context(storage.making(key, 320))


def test_a_maker_that_dies_lets_the_next_one_try(tmp_path: Path) -> None:
    storage = DiskStorage(tmp_path)
    in_a_process(storage.making(KEY, 320).__enter__)
    with storage.making(KEY, 320):
        pass


def test_processes_that_start_together_build_one_store(tmp_path: Path) -> None:
    root = tmp_path / "not" / "there" / "yet"
    together(12, lambda number: publish(DiskStorage(root), PICTURE + bytes([number]), names(12)[number]))
    assert stored(DiskStorage(root)) == names(12)
