"""Lists kept as files: whatever happens to whom, none is there that is not true any more."""

from __future__ import annotations

import errno
import multiprocessing
import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

import pytest

from shoebox.domain.errors import NotFound, StorageFull, Unavailable
from shoebox.storage import kept_lists
from shoebox.storage.kept_lists import LATE, MAX_BYTES, MAX_FILES, MAX_KNOWN, KeptLists

NAME: Final = "http@shoebox@per_page=20"
STAMP: Final = 2**33 - 1  # the largest time that is ever asked for
PATIENCE: Final = 60  # seconds until a process counts as hung


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "lists"


@pytest.fixture
def lists(folder: Path) -> KeptLists:
    kept = KeptLists(folder)
    kept.prepare()
    return kept


def ask(lists: KeptLists, name: str = NAME, body: bytes = b"{}", *, times: int = 2) -> None:
    """Only what is asked for again is kept."""
    for _ in range(times):
        with lists.reading(name) as keep:
            if keep:
                keep(body, STAMP)


def served(folder: Path) -> dict[str, bytes]:
    """What Nginx would give: the files in `current` that have a list's name."""
    try:
        return {file.name: file.read_bytes() for file in (folder / "current").iterdir() if file.name[0] != "."}
    except (FileNotFoundError, NotADirectoryError):
        return {}


def marks(folder: Path) -> list[Path]:
    return list((folder / "writing").iterdir())


def test_a_list_that_is_asked_for_again_is_kept_with_its_time(lists: KeptLists, folder: Path) -> None:
    ask(lists, body=b"[1]", times=1)
    assert served(folder) == {}
    ask(lists, body=b"[1]", times=1)
    assert served(folder) == {NAME: b"[1]"}
    file = folder / "current" / NAME
    assert (file.stat().st_mtime, file.stat().st_mode & 0o777) == (STAMP, 0o644)


def test_a_change_drops_what_is_kept_before_it_and_after_it(lists: KeptLists, folder: Path) -> None:
    ask(lists)
    with lists.changing():
        assert served(folder) == {}
        (folder / "current").mkdir()
        (folder / "current" / NAME).write_bytes(b"put there meanwhile")
    assert served(folder) == {}
    assert marks(folder) == []


def test_nothing_is_kept_while_anybody_changes_something(lists: KeptLists, folder: Path) -> None:
    others = KeptLists(folder)
    ask(others)
    with lists.changing():
        with others.changing():
            ask(others)
            assert served(folder) == {}
        ask(others)
        assert served(folder) == {}
    ask(others)
    assert served(folder) == {NAME: b"{}"}


@pytest.mark.parametrize("changes", [1, 3])
def test_an_answer_begun_before_a_change_is_not_given_after_it(lists: KeptLists, folder: Path, changes: int) -> None:
    ask(lists)
    with lists.reading(NAME) as keep:
        assert keep
        for _ in range(changes):
            with lists.changing():
                pass
        ask(KeptLists(folder), "http@shoebox@other")
        keep(b"of before", STAMP)
    assert NAME not in served(folder)


def test_an_answer_begun_before_a_change_and_kept_within_it_does_not_outlive_it(lists: KeptLists, folder: Path) -> None:
    ask(lists)
    with lists.reading(NAME) as keep:
        assert keep
        with lists.changing():
            keep(b"of before", STAMP)
            assert served(folder) == {}
    assert served(folder) == {}


@pytest.mark.parametrize("error", [Unavailable("Away."), KeyError("a bug")])
def test_nothing_is_kept_while_nobody_knows_whether_a_change_came_true(
    lists: KeptLists, folder: Path, error: Exception
) -> None:
    ask(lists)
    with pytest.raises(type(error)), lists.changing():
        raise error
    ask(KeptLists(folder))
    assert served(folder) == {}
    grow_old(folder)
    ask(lists)
    assert served(folder) == {NAME: b"{}"}
    assert marks(folder) == []


@pytest.mark.parametrize("error", [NotFound("None."), StorageFull("Full.")])
def test_a_change_that_was_refused_is_over(lists: KeptLists, folder: Path, error: Exception) -> None:
    ask(lists)
    with pytest.raises(type(error)), lists.changing():
        raise error
    assert served(folder) == {}
    ask(lists)
    assert served(folder) == {NAME: b"{}"}


def grow_old(folder: Path) -> None:
    """As if the changes under way had begun so long ago that they cannot come true any more."""
    for mark in marks(folder):
        begun, _, rest = mark.name.partition("-")
        mark.rename(mark.with_name(f"{int(begun) - int(LATE * 1e9)}-{rest}"))


def in_a_process(work: Callable[[], None]) -> None:
    """Do `work` in a process of its own, which is killed with SIGKILL when it has done it."""
    context = multiprocessing.get_context("fork")
    done = context.Event()

    def run() -> None:
        work()
        done.set()
        time.sleep(PATIENCE)

    process = context.Process(target=run, daemon=True)
    process.start()
    assert done.wait(PATIENCE)
    process.kill()
    process.join(PATIENCE)
    assert process.exitcode == -9


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


def test_a_start_drops_what_was_kept_and_what_was_on_its_way_out(lists: KeptLists, folder: Path) -> None:
    ask(lists)
    (folder / "gone-0123").mkdir()
    (folder / "gone-0123" / NAME).write_bytes(b"late")
    KeptLists(folder).prepare()
    assert [path.name for path in folder.iterdir()] == ["writing"]


def test_a_start_forgets_no_change_that_others_have_under_way(lists: KeptLists, folder: Path) -> None:
    with lists.changing():
        KeptLists(folder).prepare()
        ask(lists)
        assert served(folder) == {}


def test_a_mark_of_before_a_reboot_holds_nobody_up(lists: KeptLists, folder: Path) -> None:
    (folder / "writing" / f"{time.monotonic_ns() + 10**12}-0123456789ab").touch()
    (folder / "writing" / "no-number").touch()
    ask(lists)
    assert (served(folder), marks(folder)) == ({NAME: b"{}"}, [])


def test_no_more_files_are_kept_than_are_allowed(lists: KeptLists, folder: Path) -> None:
    most = 0
    for number in range(2 * MAX_FILES + 10):
        ask(lists, f"http@shoebox@page={number + 1}")
        most = max(most, len(served(folder)) if number % 16 == 0 else 0)
    assert MAX_FILES // 2 < most <= MAX_FILES
    assert len(served(folder)) <= 10


def test_no_more_bytes_are_kept_than_are_allowed(lists: KeptLists, folder: Path) -> None:
    body = b"x" * (MAX_BYTES // 4)
    for number in range(4):
        ask(lists, str(number), body)
    assert len(served(folder)) == 4
    ask(lists, "one more", body)
    assert served(folder) == {}
    ask(lists, "too large", b"x" * (MAX_BYTES + 1))
    assert served(folder) == {}


def test_names_that_nobody_asks_for_again_are_forgotten(lists: KeptLists, folder: Path) -> None:
    ask(lists, "first", times=1)
    for number in range(MAX_KNOWN):
        ask(lists, str(number), times=1)
    ask(lists, "first", times=1)
    assert served(folder) == {}


def test_a_list_that_got_too_old_is_dropped(lists: KeptLists, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ask(lists)
    assert lists.look()
    assert not lists.look()
    monkeypatch.setattr(kept_lists, "LOOK", 0.0)
    now = time.monotonic() + kept_lists.MAX_AGE
    monkeypatch.setattr(time, "monotonic", lambda: now - 10)
    assert lists.look()
    assert served(folder) == {NAME: b"{}"}
    monkeypatch.setattr(time, "monotonic", lambda: now + 10)
    assert lists.look()
    assert served(folder) == {}
    assert lists.look()


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


def test_many_who_change_and_ask_at_once_never_see_the_past(lists: KeptLists, folder: Path) -> None:
    rows, ended, wrong = [0], threading.Event(), []
    changing = threading.Lock()

    def change() -> None:
        while not ended.is_set():
            with changing:
                with lists.changing():
                    rows[0] += 1
                wanted = rows[0]
                with suppress(FileNotFoundError):
                    found = int((folder / "current" / NAME).read_bytes())
                    wrong.extend([(wanted, found)] if found != wanted else [])
            time.sleep(0)

    def read() -> None:
        while not ended.is_set():
            with lists.reading(NAME) as keep:
                seen = rows[0]
                time.sleep(0.0002)
                if keep:
                    keep(b"%d" % seen, STAMP)

    threads = [threading.Thread(target=work) for work in (change, change, read, read, read, read)]
    for thread in threads:
        thread.start()
    time.sleep(1)
    ended.set()
    for thread in threads:
        thread.join(PATIENCE)
    assert wrong == []
    assert rows[0] > 10
