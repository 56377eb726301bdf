"""Lists kept as files: which, for how long, and that a change of rows drops them all."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest

from services.backend.tests.integration.storage.lists import NAME, STAMP, ask, grow_old, marks, served
from services.backend.tests.waiting import PATIENCE, wait_until
from shoebox.domain.errors import NotFound, StorageFull, Unavailable
from shoebox.storage import kept_lists
from shoebox.storage.kept_lists import MAX_BYTES, MAX_FILES, MAX_KNOWN, KeptLists

CHANGES = 500  # in which whoever sees the past would have shown it


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
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now)
    assert lists.look()
    assert not lists.look()
    monkeypatch.setattr(kept_lists, "LOOK", 0.0)
    now += kept_lists.MAX_AGE - 10
    assert lists.look()
    assert served(folder) == {NAME: b"{}"}
    now += 20
    assert lists.look()
    assert served(folder) == {}
    assert lists.look()


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
    try:
        wait_until(lambda: rows[0] >= CHANGES)
    finally:
        ended.set()
    for thread in threads:
        thread.join(PATIENCE)
    assert wrong == []
