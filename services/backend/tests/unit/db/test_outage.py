"""How long callers keep asking a database that is away."""

from __future__ import annotations

import time

import pytest

from shoebox.db.outage import Outage


class Hours:
    """A clock on which sleeping costs nothing."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture(autouse=True)
def hours(monkeypatch: pytest.MonkeyPatch) -> Hours:
    clock = Hours()
    monkeypatch.setattr(time, "monotonic", clock.monotonic)
    monkeypatch.setattr(time, "sleep", clock.sleep)
    return clock


def waited(outage: Outage, hours: Hours) -> float:
    """How long a call that fails again and again goes on."""
    begun = hours.now
    with outage.patience() as patience:
        while patience.lasts():
            pass
    return hours.now - begun


def test_the_first_retry_is_at_once(hours: Hours) -> None:
    begun = hours.now
    with Outage().patience() as patience:
        assert patience.lasts()
    assert hours.now == begun


def test_a_call_at_the_beginning_of_an_outage_lasts_longer_than_a_pooler_refuses(hours: Hours) -> None:
    assert 1.2 < waited(Outage(), hours) < 2


def test_in_a_long_outage_one_caller_waits_and_the_others_hear_at_once(hours: Hours) -> None:
    outage = Outage()
    waited(outage, hours)
    hours.now += 60
    with outage.patience() as patient:
        patient.lasts()
        assert waited(outage, hours) == 0
    assert waited(outage, hours) > 1.2


def test_after_an_answer_everybody_is_patient_again(hours: Hours) -> None:
    outage = Outage()
    waited(outage, hours)
    hours.now += 60
    outage.over()
    with outage.patience() as one, outage.patience() as another:
        assert [one.lasts(), one.lasts(), another.lasts(), another.lasts()] == [True] * 4


def test_a_call_whose_first_try_took_long_is_not_repeated(hours: Hours) -> None:
    with Outage().patience() as patience:
        hours.now += 3
        assert not patience.lasts()
