"""What lies on the disk, and what becomes of damage."""

from __future__ import annotations

import errno
import os
import stat
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.backend.tests.blobs import LATER, publish, read
from services.backend.tests.integration.storage.pictures import (
    KEY,
    OTHER,
    PICTURE,
    SHA256,
    THIRD,
    THUMBNAIL,
    content_path,
    files_below,
    picture_path,
)
from services.backend.tests.integration.storage.systems import Watched
from shoebox.domain.errors import NotFound, Unavailable
from shoebox.storage.disk import DiskStorage


@pytest.fixture(params=[0o022, 0o077, 0o000], ids=oct)
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def refusing_links(code: int, *, below: str = "") -> Watched:
    return Watched(lambda _, name, arguments: code if name == "link" and below in str(arguments[1]) else 0)


def test_pictures_and_thumbnails_lie_where_nginx_looks_for_them(tmp_path: Path) -> None:
    storage = DiskStorage(tmp_path)
    publish(storage, PICTURE, KEY)
    storage.put_thumbnail(KEY, 320, THUMBNAIL)
    assert (tmp_path / "images" / "k3" / KEY).read_bytes() == PICTURE
    assert (tmp_path / "thumbs" / "320" / "k3" / KEY).read_bytes() == THUMBNAIL


def test_another_user_can_read_them_whatever_the_umask(umask: int, tmp_path: Path) -> None:
    root = tmp_path / "new" / "store"
    storage = DiskStorage(root)
    publish(storage, PICTURE, KEY)
    storage.put_thumbnail(KEY, 320, THUMBNAIL)
    for path in (picture_path(root, KEY), root / "thumbs" / "320" / KEY[:2] / KEY):
        assert stat.S_IMODE(path.stat().st_mode) == 0o644
        for folder in list(path.parents)[: path.parts.index("new") * -1]:
            assert folder.stat().st_mode & 0o055 == 0o055, folder


def test_the_mode_an_operator_gave_a_root_is_kept(tmp_path: Path) -> None:
    tmp_path.chmod(0o2750)
    publish(DiskStorage(tmp_path), PICTURE, KEY)
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o2750


def test_equal_bytes_take_room_once(tmp_path: Path) -> None:
    storage = DiskStorage(tmp_path)
    publish(storage, PICTURE, KEY)
    publish(storage, PICTURE, OTHER)
    assert picture_path(tmp_path, KEY).samefile(picture_path(tmp_path, OTHER))
    assert picture_path(tmp_path, KEY).stat().st_nlink == 3


def test_room_is_free_again_when_the_last_name_is_deleted(tmp_path: Path) -> None:
    storage = DiskStorage(tmp_path)
    publish(storage, PICTURE, KEY)
    publish(storage, PICTURE, OTHER)
    storage.delete(KEY)
    assert content_path(tmp_path).exists()
    storage.delete(OTHER)
    assert files_below(tmp_path) == []


@pytest.mark.parametrize("left", [b"", PICTURE[:-1], PICTURE + b"\0"])
def test_a_damaged_content_is_not_given_to_a_new_picture_but_replaced(left: bytes, tmp_path: Path) -> None:
    storage = DiskStorage(tmp_path)
    publish(storage, PICTURE, OTHER)
    content_path(tmp_path).write_bytes(left)
    publish(storage, PICTURE, KEY)
    assert read(storage, KEY) == PICTURE
    assert content_path(tmp_path).samefile(picture_path(tmp_path, KEY))
    assert read(storage, OTHER) == left
    storage.delete(OTHER)
    assert content_path(tmp_path).samefile(picture_path(tmp_path, KEY))


def test_a_file_with_all_the_names_it_can_have_is_followed_by_another(tmp_path: Path) -> None:
    publish(DiskStorage(tmp_path), PICTURE, THIRD)
    publish(DiskStorage(tmp_path), PICTURE, OTHER)
    used_up = picture_path(tmp_path, OTHER).stat().st_ino
    system = Watched(
        lambda _, name, arguments: errno.EMLINK if name == "link" and "/content/" in str(arguments[0]) else 0
    )
    publish(DiskStorage(tmp_path, system=system), PICTURE, KEY)
    assert content_path(tmp_path).stat().st_ino == picture_path(tmp_path, KEY).stat().st_ino != used_up
    storage = DiskStorage(tmp_path)
    storage.delete(OTHER)
    assert read(storage, THIRD) == PICTURE
    assert content_path(tmp_path).samefile(picture_path(tmp_path, KEY))


@pytest.mark.parametrize("code", [errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS], ids=errno.errorcode.get)
def test_a_file_system_without_hard_links_keeps_each_picture_by_itself(code: int, tmp_path: Path) -> None:
    storage = DiskStorage(tmp_path, system=refusing_links(code))
    publish(storage, PICTURE, KEY)
    publish(storage, PICTURE, OTHER)
    with pytest.raises(Unavailable):
        publish(storage, b"another", KEY)
    assert files_below(tmp_path) == [picture_path(tmp_path, KEY), picture_path(tmp_path, OTHER)]
    storage.delete(KEY)
    assert read(storage, OTHER) == PICTURE
    assert files_below(tmp_path) == [picture_path(tmp_path, OTHER)]


def test_a_content_that_cannot_be_named_does_not_stop_an_upload(tmp_path: Path) -> None:
    storage = DiskStorage(tmp_path, system=refusing_links(errno.EXDEV, below="/content/"))
    publish(storage, PICTURE, KEY)
    assert read(storage, KEY) == PICTURE


def test_a_file_of_another_user_is_not_shared(tmp_path: Path) -> None:
    publish(DiskStorage(tmp_path), PICTURE, OTHER)
    system = Watched(
        lambda _, name, arguments: errno.EPERM if name == "link" and "/content/" in str(arguments[0]) else 0
    )
    publish(DiskStorage(tmp_path, system=system), PICTURE, KEY)
    assert not picture_path(tmp_path, KEY).samefile(picture_path(tmp_path, OTHER))


def test_a_content_that_comes_and_goes_without_end_is_not_waited_for(tmp_path: Path) -> None:
    system = Watched()
    storage = DiskStorage(tmp_path, system=system)
    system.refuses = lambda _, name, arguments: (
        errno.EEXIST if name == "link" and "/content/" in str(arguments[1]) else 0
    )
    publish(storage, PICTURE, KEY)
    assert read(storage, KEY) == PICTURE
    assert system.names().count("fdatasync") == 1


@pytest.mark.parametrize("text", ["", "../../../etc/passwd", SHA256.upper(), SHA256 + "0", SHA256[:-1] + "/"])
def test_what_is_no_hash_forms_no_path(text: str, tmp_path: Path) -> None:
    storage = DiskStorage(tmp_path)
    with storage.stage() as staged, pytest.raises(ValueError, match="SHA-256"):
        storage.publish(staged, KEY, text)
    assert files_below(tmp_path) == []


def test_what_a_crash_leaves_is_removed_when_it_is_old_enough(tmp_path: Path) -> None:
    storage = DiskStorage(tmp_path)
    publish(storage, PICTURE, KEY)
    storage.put_thumbnail(KEY, 320, THUMBNAIL)
    kept = files_below(tmp_path)
    (tmp_path / "staging" / "an upload").write_bytes(PICTURE)
    (tmp_path / "content" / "00").mkdir()
    (tmp_path / "content" / "00" / ("0" * 64)).write_bytes(b"no name")
    (tmp_path / "thumbs" / "640" / "k3").mkdir()
    (tmp_path / "thumbs" / "640" / "k3" / OTHER).write_bytes(THUMBNAIL)
    (tmp_path / "thumbs" / "640" / "k3" / "no key").write_bytes(THUMBNAIL)
    assert storage.remove_leftovers(time.time() - 60) == 0
    assert storage.remove_leftovers(LATER) == 4
    assert files_below(tmp_path) == kept


def test_a_thumbnail_torn_by_a_power_cut_counts_as_none_and_is_removed(tmp_path: Path) -> None:
    storage = DiskStorage(tmp_path)
    publish(storage, PICTURE, KEY)
    storage.put_thumbnail(KEY, 320, b"")
    with pytest.raises(NotFound):
        storage.open_thumbnail(KEY, 320)
    assert storage.remove_leftovers(0) == 1


def test_locks_are_never_leftovers(tmp_path: Path) -> None:
    storage = DiskStorage(tmp_path)
    before = sorted((tmp_path / "staging" / "locks").iterdir())
    assert storage.remove_leftovers(LATER) == 0
    assert sorted((tmp_path / "staging" / "locks").iterdir()) == before != []


def test_foreign_files_are_no_pictures(tmp_path: Path) -> None:
    storage = DiskStorage(tmp_path)
    publish(storage, PICTURE, KEY)
    (tmp_path / "images" / "k3" / ".DS_Store").write_bytes(b"x")
    (tmp_path / "images" / "notes.txt").write_bytes(b"x")
    assert [file.key for file in storage.files()] == [KEY]


def test_a_file_staged_elsewhere_is_refused(tmp_path: Path) -> None:
    class Foreign:
        size = 0

        def write(self, chunk: bytes | bytearray | memoryview) -> None:
            """Takes nothing."""

        def fileno(self) -> int:
            return 0

    with pytest.raises(TypeError):
        DiskStorage(tmp_path).publish(Foreign(), KEY, SHA256)
