"""How long callers keep asking a database that is away."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from shoebox.db.outage import Call, Outage, OutageClock

LONG = 60.0  # seconds; far more than anything here takes


class Hours:
    """A clock on which sleeping costs nothing."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def hours(monkeypatch: pytest.MonkeyPatch) -> Hours:
    clock = Hours()
    monkeypatch.setattr(time, "monotonic", clock.monotonic)
    monkeypatch.setattr(time, "sleep", clock.sleep)
    return clock


def keep_failing(call: Call) -> int:
    """Try as long as the call may; how often that was."""
    tries = 0
    while call.ready():
        tries += 1
        call.failed()
    return tries


def waited(outage: Outage, hours: Hours) -> float:
    """How long a call that fails again and again goes on."""
    begun = hours.now
    with outage.call() as call:
        keep_failing(call)
    return hours.now - begun


def test_the_first_retry_is_at_once(hours: Hours) -> None:
    begun = hours.now
    with Outage().call() as call:
        assert call.ready()
        call.failed()
        assert call.ready()
    assert hours.now == begun


def test_a_call_at_the_beginning_of_an_outage_lasts_longer_than_a_pooler_refuses(hours: Hours) -> None:
    assert 1.2 < waited(Outage(), hours) < 2


def test_patience_counts_from_when_the_database_went_away(hours: Hours) -> None:
    outage = Outage(patience=8)
    outage.begin()
    hours.now += 5
    assert 2.5 < waited(outage, hours) <= 3


def test_what_another_process_has_waited_for_is_not_waited_for_again(hours: Hours) -> None:
    clock = OutageClock()
    assert 7 < waited(Outage(patience=8, clock=clock), hours) <= 8
    assert waited(Outage(patience=8, clock=clock), hours) < 2


def test_what_another_process_sees_the_end_of_is_over(hours: Hours) -> None:
    clock = OutageClock()
    outage = Outage(patience=8, clock=clock)
    waited(outage, hours)
    hours.now += LONG
    Outage(clock=clock).over()
    assert 7 < waited(outage, hours) <= 8


def test_in_a_long_outage_one_caller_asks_and_the_others_hear_at_once(hours: Hours) -> None:
    outage = Outage(patience=8)
    waited(outage, hours)
    hours.now += LONG
    with outage.call() as asking, outage.call() as other:
        assert asking.ready()
        assert not other.ready()
        asking.failed()
    assert 1.2 < waited(outage, hours) < 2


def test_after_an_answer_everybody_is_patient_again(hours: Hours) -> None:
    outage = Outage(patience=8)
    waited(outage, hours)
    hours.now += LONG
    outage.over()
    assert 7 < waited(outage, hours) <= 8


def test_a_call_whose_first_try_took_all_patience_is_not_repeated(hours: Hours) -> None:
    with Outage().call() as call:
        assert call.ready()
        hours.now += 3
        call.failed()
        assert not call.ready()


def test_an_answer_that_another_try_may_better_is_no_outage(hours: Hours) -> None:
    outage = Outage()
    with outage.call() as call:
        while call.ready():
            call.refused()
        assert not outage.is_known
    assert hours.now > 1000


def test_a_call_without_patience_tries_twice_and_never_sleeps(hours: Hours) -> None:
    outage = Outage(patience=8)
    with outage.call(patient=False) as call:
        assert keep_failing(call) == 2
    assert hours.now == 1000
    with outage.call() as asking, outage.call(patient=False) as call:
        assert asking.ready()
        assert not call.ready(), "somebody else is asking already"


def test_who_may_not_step_aside_does_not_wait(hours: Hours) -> None:
    assert waited(Outage(patience=8, step_aside=lambda: False), hours) == 0


def test_all_who_wait_go_on_when_the_one_who_asks_is_answered() -> None:
    outage = Outage(patience=LONG)
    outage.begin()
    waiting = threading.Barrier(5)

    def wait_for_it() -> bool:
        with outage.call() as call:
            waiting.wait(LONG)
            return call.ready()

    with ThreadPoolExecutor(4) as threads, outage.call() as asking:
        assert asking.ready()
        waiters = [threads.submit(wait_for_it) for _ in range(4)]
        waiting.wait(LONG)
        outage.over()
        assert all(waiter.result(LONG) for waiter in waiters)


def test_when_the_one_who_asks_gives_up_another_asks() -> None:
    outage = Outage(patience=LONG)
    outage.begin()

    def ask_next(ready: Callable[[], None]) -> bool:
        with outage.call() as call:
            ready()
            return call.ready()

    waiting = threading.Event()
    with ThreadPoolExecutor(1) as threads:
        with outage.call() as asking:
            assert asking.ready()
            waiter = threads.submit(ask_next, waiting.set)
            assert waiting.wait(LONG)
        assert waiter.result(LONG)
    assert outage.is_known
