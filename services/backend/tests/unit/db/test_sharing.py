"""Who shares an answer with whom. The one who is asked can be held in the middle."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from services.backend.tests.fakes.repository import MemoryRepository
from services.backend.tests.pictures import new_image
from services.backend.tests.waiting import PATIENCE, wait_until
from shoebox.db import sharing
from shoebox.db.pool import stay
from shoebox.db.sharing import Sharing
from shoebox.domain.errors import Unavailable
from shoebox.domain.listing import Listing, ListQuery

QUERY = ListQuery()


class Held:
    """A repository whose answers wait, once they are found, until they are let go."""

    def __init__(self) -> None:
        self.rows = MemoryRepository()
        self.asked = 0
        self._found = threading.Semaphore(0)
        self._allowed = threading.Semaphore(0)

    def page(self, query: ListQuery) -> Listing:
        self.asked += 1
        try:
            return self.rows.page(query)
        finally:
            self._found.release()
            assert self._allowed.acquire(timeout=PATIENCE)

    def await_found(self) -> None:
        assert self._found.acquire(timeout=PATIENCE)

    def let_go(self, answers: int = 1) -> None:
        self._allowed.release(answers)


class Askers:
    """Threads that ask through one `Sharing`."""

    def __init__(self, held: Held, threads: ThreadPoolExecutor, step_aside: Callable[[], bool]) -> None:
        self.sharing = Sharing[ListQuery, Listing](step_aside)
        self.come: list[ListQuery] = []
        self._held = held
        self._threads = threads

    def ask(self, number: int = 1, query: ListQuery = QUERY) -> list[Future[Listing]]:
        return [self._threads.submit(self._ask, query) for _ in range(number)]

    def _ask(self, query: ListQuery) -> Listing:
        self.come.append(query)
        return self.sharing.ask(query, lambda: self._held.page(query))


@contextmanager
def asking(held: Held, step_aside: Callable[[], bool] = stay) -> Iterator[Askers]:
    with ThreadPoolExecutor(20) as threads:
        try:
            yield Askers(held, threads, step_aside)
        finally:
            held.let_go(1000)


@pytest.fixture
def held() -> Held:
    return Held()


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody loses patience with the others."""
    monkeypatch.setattr(sharing, "TURN", PATIENCE)


def totals(asked: list[Future[Listing]]) -> list[int]:
    return [future.result(PATIENCE).total for future in asked]


@pytest.mark.usefixtures("patient")
def test_all_who_come_while_an_answer_is_on_its_way_share_the_next_one(held: Held) -> None:
    with asking(held) as askers:
        first = askers.ask()
        held.await_found()
        held.rows.add(new_image())
        others = askers.ask(10)
        wait_until(lambda: len(askers.come) == 11)
        time.sleep(0.1)  # most of them wait by now, and whoever does not asks next, which is as good
        held.let_go(1000)
        assert (totals(first), totals(others)) == ([0], [1] * 10)
        assert held.asked < 11


@pytest.mark.usefixtures("patient")
def test_nobody_gets_an_answer_that_was_asked_for_before_they_came(held: Held) -> None:
    with asking(held) as askers:
        asked = []
        for _ in range(5):
            asked.append(askers.ask(3))
            held.await_found()
            held.rows.add(new_image())
            held.let_go()
        held.let_go(1000)
        for number, answers in enumerate(asked):
            assert min(totals(answers)) >= number


def test_a_list_is_never_behind_what_its_asker_has_seen(held: Held) -> None:
    held.let_go(100_000)
    behind = []
    with asking(held) as askers:

        def write_and_ask(_: int) -> None:
            for _ in range(100):
                held.rows.add(new_image())
                known = len(held.rows.keys(limit=100_000))
                behind.append(known > askers.sharing.ask(QUERY, lambda: held.page(QUERY)).total)

        with ThreadPoolExecutor(8) as writers:
            list(writers.map(write_and_ask, range(8)))
    assert behind == [False] * 800


@pytest.mark.usefixtures("patient")
def test_other_questions_do_not_wait(held: Held) -> None:
    with asking(held) as askers:
        askers.ask()
        held.await_found()
        other = askers.ask(query=ListQuery(size=3))
        held.await_found()
        held.let_go(2)
        assert totals(other) == [0]


def test_who_takes_long_holds_nobody_up(held: Held) -> None:
    with asking(held) as askers:
        slow = askers.ask()
        held.await_found()
        later = askers.ask()
        held.await_found()  # that of the one who came later, while the first is still on its way
        held.let_go(2)
        assert totals(slow + later) == [0, 0]


def test_who_may_not_step_aside_asks_alone(held: Held, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sharing, "TURN", 0.0)
    with asking(held, step_aside=lambda: False) as askers:
        for _ in range(4):
            askers.ask()
            held.await_found()
        assert held.asked == 4


@pytest.mark.usefixtures("patient")
def test_an_error_is_that_of_who_asked(held: Held) -> None:
    with asking(held) as askers:
        held.rows.away = True
        first = askers.ask()
        held.await_found()
        others = askers.ask(5)
        held.let_go(1)
        held.await_found()
        held.rows.away = False
        held.let_go(1000)
        with pytest.raises(Unavailable):
            first[0].result(PATIENCE)
        failed = [future for future in others if future.exception(PATIENCE)]
        assert len(failed) == 1
        assert totals([future for future in others if future not in failed]) == [0] * 4


def test_nothing_is_left_of_what_was_asked(held: Held) -> None:
    held.let_go(1000)
    with asking(held) as askers:
        asked = [askers.ask(3, ListQuery(size=size)) for size in range(1, 20)]
        assert [totals(answers) for answers in asked] == [[0] * 3] * 19
    assert vars(askers.sharing)["_rounds"] == {}
