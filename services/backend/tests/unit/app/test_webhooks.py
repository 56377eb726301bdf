"""Retrying, with a clock set by hand and a receiver that does as it is told."""

from __future__ import annotations

import logging
from collections import Counter
from datetime import datetime, timedelta

import pytest

from services.backend.tests.fakes.outbox import MemoryOutbox, NotingRepository
from services.backend.tests.pictures import NOON, new_image
from shoebox.app import webhooks
from shoebox.app.webhooks import Deliverer, backoff, receiver
from shoebox.domain.webhook import Note, UndeliveredError

URL = "https://user:word@hooks.example/path?token=secret"


class World:
    """An outbox, a receiver and a clock."""

    def __init__(self) -> None:
        self.time = NOON
        self.up = False
        self.taken: list[str] = []
        self.outcomes: Counter[str] = Counter()
        self.rows = NotingRepository()
        self.rows.receivers = {URL}
        self.outbox = MemoryOutbox(self.rows)

    def now(self) -> datetime:
        return self.time

    def send(self, _url: str, note: Note, _now: datetime) -> None:
        if not self.up:
            raise UndeliveredError("the receiver answered 500")
        self.taken.append(note.event)

    def deliver(self) -> int:
        deliverer = Deliverer(
            outbox=self.outbox, sender=self, clock=self, count=lambda o: self.outcomes.update([o]), chance=lambda: 1.0
        )
        return deliverer.deliver(URL)


def test_what_is_taken_is_told_once() -> None:
    world = World()
    world.up = True
    world.rows.add(new_image())
    assert (world.deliver(), world.deliver(), world.taken) == (1, 0, ["image.created"])
    assert world.outcomes == {"delivered": 1}


def test_a_failure_is_tried_again_when_its_time_has_come() -> None:
    world = World()
    world.rows.add(new_image())
    assert (world.deliver(), world.deliver()) == (1, 0)
    world.up = True
    world.time += timedelta(seconds=1.9)
    assert world.deliver() == 0
    world.time += timedelta(seconds=0.1)
    assert (world.deliver(), world.taken) == (1, ["image.created"])


def test_a_picture_is_told_of_in_order_whatever_fails() -> None:
    world = World()
    key = world.rows.add(new_image()).key
    world.rows.delete(key)
    world.deliver()
    world.up = True
    for _ in range(3):
        world.time += timedelta(hours=1)
        world.deliver()
    assert world.taken == ["image.created", "image.deleted"]


def test_one_picture_that_fails_holds_no_other_up() -> None:
    world = World()
    world.rows.add(new_image())
    world.deliver()
    world.up = True
    world.rows.add(new_image())
    assert (world.deliver(), world.outbox.pending()) == (1, 1)


def test_a_receiver_that_never_answers_is_given_up_and_that_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    world = World()
    world.rows.add(new_image())
    tries = 0
    with caplog.at_level(logging.ERROR):
        while world.outbox.pending():
            tries += world.deliver()
            world.time += timedelta(hours=1)
    assert tries == webhooks.MAX_ATTEMPTS
    assert world.outcomes == {"failed": tries - 1, "given up": 1}
    assert [record.getMessage() for record in caplog.records] == ["webhook given up"]
    assert "secret" not in str(vars(caplog.records[0]))


def test_a_stop_is_heard_between_two_events() -> None:
    world = World()
    world.rows.add(new_image())
    deliverer = Deliverer(outbox=world.outbox, sender=world, clock=world, count=lambda _: None)
    assert deliverer.deliver(URL, lambda: True) == 0


def test_waits_double_up_to_an_hour_and_are_spread_over_their_second_half() -> None:
    assert [backoff(attempts, 1.0) for attempts in (1, 2, 3, 4)] == [2, 4, 8, 16]
    assert (backoff(5, 0.0), backoff(5, 1.0)) == (16, 32)
    assert backoff(100, 1.0) == 3600


def test_logs_name_a_receiver_without_its_secrets() -> None:
    assert receiver(URL) == "https://hooks.example"
    assert receiver("http://a.example:80?x") == "http://a.example:80"
