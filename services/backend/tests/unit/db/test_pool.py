"""Taking turns with a bounded number of connections."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from shoebox.db.pool import Pool
from shoebox.domain.errors import Unavailable


class Wire:
    """A connection that knows whether it is open."""

    made = 0

    def __init__(self) -> None:
        type(self).made += 1
        self.open = True

    def close(self) -> None:
        self.open = False


@pytest.fixture(autouse=True)
def _none_made() -> None:
    Wire.made = 0


def test_nothing_is_connected_before_it_is_needed() -> None:
    Pool(Wire, size=3)
    assert Wire.made == 0


def test_a_connection_is_used_again() -> None:
    pool = Pool(Wire, size=3)
    with pool.borrow() as first:
        pass
    with pool.borrow() as second:
        assert second is first


def test_a_connection_is_lent_to_one_at_a_time() -> None:
    pool = Pool(Wire, size=2)
    with pool.borrow() as first, pool.borrow() as second:
        assert first is not second


def test_when_all_are_lent_the_wait_has_an_end() -> None:
    pool = Pool(Wire, size=1, wait=0.01)
    with pool.borrow(), pytest.raises(Unavailable), pool.borrow():
        pass


def test_whoever_has_to_wait_asks_whether_that_may_be() -> None:
    asked: list[bool] = []

    def refuse() -> bool:
        asked.append(True)
        return False

    pool = Pool(Wire, size=1, wait=30, step_aside=refuse)
    with pool.borrow():
        assert asked == []
        with pytest.raises(Unavailable), pool.borrow():
            pass
    assert asked == [True]


def test_whoever_waits_gets_the_next_free_one() -> None:
    pool = Pool(Wire, size=1, wait=30)
    waiting = Event()

    def wait_for_one() -> Wire:
        waiting.set()
        with pool.borrow() as connection:
            return connection

    with ThreadPoolExecutor(1) as threads:
        with pool.borrow() as lent:
            waiter = threads.submit(wait_for_one)
            assert waiting.wait(30)
        assert waiter.result(30) is lent


def test_a_connection_in_an_unknown_state_is_closed_and_its_place_is_free() -> None:
    pool = Pool(Wire, size=1, wait=0.01)
    with pytest.raises(ZeroDivisionError), pool.borrow() as broken:
        raise ZeroDivisionError
    assert not broken.open
    with pool.borrow() as fresh:
        assert fresh is not broken


def test_a_place_is_free_again_when_connecting_failed() -> None:
    def fail() -> Wire:
        raise ConnectionRefusedError

    pool = Pool(fail, size=1, wait=0.01)
    for _ in range(3):
        with pytest.raises(ConnectionRefusedError), pool.borrow():
            pass


def test_closing_closes_what_is_idle() -> None:
    pool = Pool(Wire, size=1)
    with pool.borrow() as idle:
        pass
    pool.close()
    assert not idle.open
    with pool.borrow() as fresh:
        assert fresh.open
