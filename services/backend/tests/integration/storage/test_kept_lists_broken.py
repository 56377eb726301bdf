"""Lists kept as files: whoever dies and whatever becomes of the folder, none is there that is not true."""

from __future__ import annotations

import errno
import os
import time
from pathlib import Path

import pytest

from services.backend.tests.integration.storage.lists import NAME, STAMP, ask, grow_old, marks, served
from services.backend.tests.integration.storage.processes import in_a_process
from shoebox.domain.errors import Unavailable
from shoebox.storage.kept_lists import KeptLists


def test_a_process_that_dies_within_a_change_leaves_nothing_that_could_be_wrong(lists: KeptLists, folder: Path) -> None:
    ask(lists)
    begun = []

    def begin() -> None:
        begun.append(lists.changing())
        begun[0].__enter__()

    with lists.reading(NAME) as keep:
        assert keep
        in_a_process(begin)
        keep(b"of before", STAMP)
    ask(lists)
    assert served(folder) == {}
    with lists.changing():
        pass
    ask(lists)
    assert served(folder) == {}
    grow_old(folder)
    ask(lists)
    assert served(folder) == {NAME: b"{}"}


def test_a_process_that_dies_while_it_keeps_a_list_leaves_no_half_of_it(lists: KeptLists, folder: Path) -> None:
    ask(lists)
    with lists.changing():
        pass

    def begin() -> None:
        current = folder / "current"
        current.mkdir(exist_ok=True)
        (current / ".0123456789abcdef").write_bytes(b"{")

    in_a_process(begin)
    assert served(folder) == {}
    lists.prepare()
    assert list(folder.glob("*/*")) == []


def test_a_mark_of_before_a_reboot_holds_nobody_up(lists: KeptLists, folder: Path) -> None:
    (folder / "writing" / f"{time.monotonic_ns() + 10**12}-0123456789ab").touch()
    (folder / "writing" / "no-number").touch()
    ask(lists)
    assert (served(folder), marks(folder)) == ({NAME: b"{}"}, [])


@pytest.mark.parametrize("refusal", [errno.EPERM, errno.EMLINK, errno.EOPNOTSUPP])
def test_a_change_is_marked_where_files_have_one_name_each(
    lists: KeptLists, folder: Path, monkeypatch: pytest.MonkeyPatch, refusal: int
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(refusal, "no")

    monkeypatch.setattr(os, "link", refuse)
    for _ in range(2):
        with lists.changing():
            assert len(marks(folder)) == 1
            ask(lists)
            assert served(folder) == {}
        assert marks(folder) == []


def test_a_change_makes_no_file_once_there_was_one(lists: KeptLists, folder: Path) -> None:
    with lists.changing():
        pass
    for _ in range(2):
        with lists.changing():
            (mark,) = marks(folder)
            assert mark.samefile(folder / "mark")


def test_a_folder_that_is_removed_is_made_again(lists: KeptLists, folder: Path) -> None:
    ask(lists)
    remove(folder)
    ask(lists)
    assert served(folder) == {}
    with lists.changing():
        assert len(marks(folder)) == 1
        ask(lists)
        assert served(folder) == {}
    ask(lists)
    assert served(folder) == {NAME: b"{}"}


def test_a_folder_that_is_removed_within_a_change_lets_nothing_stale_through(lists: KeptLists, folder: Path) -> None:
    ask(lists)
    with lists.reading(NAME) as keep, lists.changing():
        remove(folder)
        assert keep
        keep(b"of before", STAMP)
        keep(b"of before", STAMP)
    assert served(folder) == {}


def remove(folder: Path) -> None:
    for path in sorted(folder.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    folder.rmdir()


def test_nothing_changes_where_the_folder_is_none(tmp_path: Path) -> None:
    (tmp_path / "lists").touch()
    lists = KeptLists(tmp_path / "lists")
    changed = False
    with pytest.raises(Unavailable), lists.changing():
        changed = True
    assert not changed
    for _ in range(2):
        with lists.reading(NAME) as keep:
            assert keep is None
    with pytest.raises(NotADirectoryError):
        lists.prepare()


@pytest.mark.parametrize("in_its_place", ["a file", "a link to elsewhere"])
def test_what_is_in_the_place_of_the_answers_is_put_aside(
    lists: KeptLists, folder: Path, tmp_path: Path, in_its_place: str
) -> None:
    if in_its_place == "a file":
        (folder / "current").touch()
    else:
        (tmp_path / "elsewhere").mkdir()
        (folder / "current").symlink_to(tmp_path / "elsewhere")
    ask(lists)
    assert served(folder) == {}
    with lists.changing():
        pass
    ask(lists)
    assert served(folder) == {NAME: b"{}"}


def test_without_marks_nothing_is_kept_and_changes_still_drop(lists: KeptLists, folder: Path) -> None:
    ask(lists)
    (folder / "writing").rmdir()
    (folder / "writing").touch()
    with lists.changing():
        assert served(folder) == {}
    ask(lists)
    assert served(folder) == {}


def test_a_change_is_refused_where_what_is_kept_cannot_be_taken_away(
    lists: KeptLists, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(lists)

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    changed = False
    with monkeypatch.context() as patched:
        patched.setattr(os, "rename", refuse)
        with pytest.raises(Unavailable), lists.changing():
            changed = True
    assert not changed
