"""Every system call fails once, in every way a disk can: nothing is ever half-stored."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from services.backend.tests.blobs import publish, read
from services.backend.tests.integration.storage.pictures import (
    KEY,
    OTHER,
    PICTURE,
    THUMBNAIL,
    files_below,
    picture_path,
)
from services.backend.tests.integration.storage.systems import Watched
from shoebox.domain.errors import NotFound, ShoeboxError, StorageFull, Unavailable
from shoebox.storage.disk import DiskStorage

FULL = (errno.ENOSPC, errno.EDQUOT)
AWAY = (errno.EIO, errno.EROFS, errno.EACCES, errno.ENOENT, errno.ESTALE, errno.EMFILE)


def fresh(storage: DiskStorage) -> None:
    publish(storage, PICTURE, KEY)


def equal(storage: DiskStorage) -> None:
    publish(storage, b"there before", KEY)


def thumbnail(storage: DiskStorage) -> None:
    storage.put_thumbnail(OTHER, 320, THUMBNAIL)


def probe(storage: DiskStorage) -> None:
    storage.probe()


def prepared(root: Path) -> None:
    publish(DiskStorage(root), b"there before", OTHER)


def calls_of(operation: Callable[[DiskStorage], None], root: Path) -> list[str]:
    """The system calls of a run in which none fails."""
    prepared(root)
    storage = DiskStorage(root, system=(system := Watched()))
    system.calls.clear()
    operation(storage)
    return system.names()


def run(operation: Callable[[DiskStorage], None], root: Path, refuses: Callable[[int], int]) -> ShoeboxError | None:
    """Run it on a disk whose n-th call is refused as `refuses(n)` says."""
    prepared(root)
    storage = DiskStorage(root, system=(system := Watched()))
    system.calls.clear()
    system.refuses = lambda number, *_: refuses(number)
    try:
        operation(storage)
    except ShoeboxError as error:
        return error
    return None


@pytest.mark.parametrize("code", FULL + AWAY, ids=errno.errorcode.get)
@pytest.mark.parametrize("operation", [fresh, equal])
def test_an_upload_that_fails_at_any_call_stores_nothing(
    operation: Callable[[DiskStorage], None], code: int, tmp_path: Path
) -> None:
    calls = calls_of(operation, tmp_path / "whole")
    failed = 0
    for number, name in enumerate(calls):
        root = tmp_path / f"{number}-{name}"
        error = run(operation, root, lambda n, at=number: code if n == at else 0)
        after = DiskStorage(root)
        keys = {file.key for file in after.files()}
        assert keys == ({OTHER} if error else {OTHER, KEY}), (number, name)
        assert files_below(root / "staging") == [], (number, name)
        assert len(files_below(root / "content")) <= len({read(after, key) for key in keys}), (number, name)
        assert read(after, OTHER) == b"there before"
        failed += error is not None
        if error:
            operation(after)
        assert after.open(KEY).read() == read(after, KEY)
    assert failed >= len(calls) - 4  # closing and clearing away may fail, and ENOENT mean a folder to be made


@pytest.mark.parametrize("name", ["open", "write", "fdatasync", "link", "mkdir", "fsync", "rename", "unlink", "stat"])
@pytest.mark.parametrize("operation", [fresh, equal, thumbnail, probe])
def test_a_full_disk_and_a_broken_one_are_told_apart(
    operation: Callable[[DiskStorage], None], name: str, tmp_path: Path
) -> None:
    for number, called in enumerate(calls_of(operation, tmp_path / "whole")):
        if called != name:
            continue
        for code, kind in ((errno.ENOSPC, StorageFull), (errno.EDQUOT, StorageFull), (errno.EIO, Unavailable)):
            error = run(operation, tmp_path / f"{number}-{code}", lambda n, at=number, c=code: c if n == at else 0)
            assert error is None or type(error) is kind


def test_an_error_names_no_path_to_people_but_keeps_it_for_the_log(tmp_path: Path) -> None:
    error = run(fresh, tmp_path, lambda _: errno.EIO)
    assert type(error) is Unavailable
    assert "/" not in str(error)
    assert isinstance(error.__cause__, OSError)
    assert error.__cause__.filename == "/a/secret/path"


def test_a_disk_that_dies_in_the_middle_leaves_a_picture_whole_or_not_at_all(tmp_path: Path) -> None:
    for number in range(len(calls_of(fresh, tmp_path / "whole"))):
        root = tmp_path / str(number)
        error = run(fresh, root, lambda n, since=number: errno.EIO if n >= since else 0)
        found = picture_path(root, KEY)
        assert error is not None or found.read_bytes() == PICTURE
        assert not found.exists() or found.read_bytes() == PICTURE


def test_a_failed_sync_is_not_tried_again(tmp_path: Path) -> None:
    for name in ("fdatasync", "fsync"):
        prepared(tmp_path / name)
        storage = DiskStorage(tmp_path / name, system=(system := Watched()))
        publish(storage, b"the folder is there now", OTHER.replace("png", "gif"))
        system.calls.clear()
        system.refuses = lambda _, called, __, failing=name: errno.EIO if called == failing else 0
        with pytest.raises(Unavailable):
            publish(storage, PICTURE, KEY)
        assert system.names().count(name) == 1
        with pytest.raises(NotFound):
            storage.open(KEY)


def test_a_thumbnail_that_fails_at_any_call_is_whole_or_not_there(tmp_path: Path) -> None:
    for number, name in enumerate(calls_of(thumbnail, tmp_path / "whole")):
        root = tmp_path / f"{number}-{name}"
        error = run(thumbnail, root, lambda n, at=number: errno.ENOSPC if n == at else 0)
        assert error is None or type(error) is StorageFull
        assert {path.read_bytes() for path in files_below(root / "thumbs")} <= {THUMBNAIL}
        assert files_below(root / "staging") == []
        thumbnail(DiskStorage(root))


def test_a_thumbnail_that_turns_out_not_to_fit_when_closed_is_not_kept(tmp_path: Path) -> None:
    prepared(tmp_path)
    storage = DiskStorage(tmp_path, system=(system := Watched()))
    system.refuses = lambda _, name, __: errno.EDQUOT if name == "close" else 0
    with pytest.raises(StorageFull):
        thumbnail(storage)
    assert files_below(tmp_path / "thumbs") == []


def test_a_deletion_that_cannot_look_at_the_file_removes_it_all_the_same(tmp_path: Path) -> None:
    prepared(tmp_path)
    storage = DiskStorage(tmp_path, system=(system := Watched()))
    system.refuses = lambda _, name, arguments: errno.EMFILE if name == "open" and OTHER in str(arguments) else 0
    storage.delete(OTHER)
    with pytest.raises(NotFound):
        DiskStorage(tmp_path).open(OTHER)


def test_a_full_disk_still_takes_deletions(tmp_path: Path) -> None:
    prepared(tmp_path)
    storage = DiskStorage(tmp_path, system=(system := Watched()))
    with os.scandir(tmp_path / "staging" / "locks") as there:
        ready = {entry.path for entry in there}
    system.refuses = lambda _, name, arguments: (
        errno.ENOSPC
        if name in {"mkdir", "link", "write", "rename"} or (name == "open" and creates(arguments, ready))
        else 0
    )
    storage.delete(OTHER)
    assert files_below(tmp_path) == []


def creates(arguments: tuple[object, ...], ready: set[str]) -> bool:
    """Whether opening with these arguments would make a file."""
    path, flags, *_ = arguments
    return bool(int(str(flags)) & os.O_CREAT) and path not in ready


def test_a_deletion_is_done_even_if_its_content_cannot_be_looked_for(tmp_path: Path) -> None:
    prepared(tmp_path)
    storage = DiskStorage(tmp_path, system=(system := Watched()))
    system.refuses = lambda _, name, arguments: errno.EIO if name == "stat" and "/content/" in str(arguments[0]) else 0
    storage.delete(OTHER)
    assert not picture_path(tmp_path, OTHER).exists()
    assert len(files_below(tmp_path / "content")) == 1


@pytest.mark.parametrize("unseen", [True, False])
@pytest.mark.parametrize("call", ["write", "close"])
def test_a_thumbnail_that_finds_no_room_leaves_nothing(tmp_path: Path, call: str, *, unseen: bool) -> None:
    prepared(tmp_path)
    before = files_below(tmp_path / "thumbs")
    storage = DiskStorage(tmp_path, system=(system := Watched()))
    system.refuses = lambda _, name, __: errno.ENOSPC if name == call else 0
    with pytest.raises(StorageFull):
        storage.put_thumbnail(OTHER, 640, THUMBNAIL, unseen=unseen)
    assert files_below(tmp_path / "thumbs") == before
    assert files_below(tmp_path / "staging") == []


def test_a_deletion_says_when_the_name_could_not_be_removed(tmp_path: Path) -> None:
    prepared(tmp_path)
    storage = DiskStorage(tmp_path, system=(system := Watched()))
    system.refuses = lambda _, name, __: errno.EROFS if name == "unlink" else 0
    with pytest.raises(Unavailable):
        storage.delete(OTHER)


def test_a_root_that_cannot_be_made_is_named_in_the_chained_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(Unavailable) as caught:
        DiskStorage(tmp_path / "file" / "store")
    assert isinstance(caught.value.__cause__, OSError)
    assert str(tmp_path / "file" / "store") in str(caught.value.__cause__)


def test_a_root_whose_disk_went_away_stays_away(tmp_path: Path) -> None:
    storage = DiskStorage(tmp_path / "store")
    publish(storage, PICTURE, KEY)
    (tmp_path / "store").rename(tmp_path / "unmounted")
    (tmp_path / "store").mkdir()  # the empty mount point
    with pytest.raises(Unavailable):
        publish(storage, PICTURE, OTHER)
    with pytest.raises(Unavailable):
        storage.put_thumbnail(KEY, 320, THUMBNAIL)
    with pytest.raises(Unavailable):
        storage.probe()
    with pytest.raises(Unavailable):
        list(storage.files())
    with pytest.raises(Unavailable):
        storage.remove_leftovers(0)
    assert list((tmp_path / "store").iterdir()) == []
