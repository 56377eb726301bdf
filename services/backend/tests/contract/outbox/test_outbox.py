"""Events: written with the row, tried in order, kept until they are done."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from services.backend.tests.contract.outbox.conftest import Desk
from services.backend.tests.pictures import NOON, new_image
from shoebox.domain.errors import NotFound

A, B = "http://a.example/hook", "http://b.example/hook"


def test_nothing_is_written_while_nobody_is_to_be_told(desk: Desk) -> None:
    desk.rows.delete(desk.rows.add(new_image()).key)
    assert desk.outbox.pending() == 0


def test_a_new_picture_is_told_as_its_row_says(desk: Desk) -> None:
    desk.outbox.subscribe([A])
    image = desk.rows.add(new_image("Привет 'б'\\ \"в\".webp", collection="Summer-26", seconds=0.000001))
    (note,) = desk.outbox.due(A, NOON, 10)
    assert (note.event, note.image, note.attempts) == ("image.created", image, 0)
    assert note.id == f"image_created_{image.key}".replace(".", "_")


def test_a_deletion_is_told_with_what_the_row_held(desk: Desk) -> None:
    image = desk.rows.add(new_image())
    desk.outbox.subscribe([A])
    desk.rows.delete(image.key)
    (note,) = desk.outbox.due(A, NOON, 10)
    assert (note.event, note.image) == ("image.deleted", image)


def test_every_receiver_is_told(desk: Desk) -> None:
    desk.outbox.subscribe([A, B])
    desk.rows.add(new_image())
    assert (len(desk.outbox.due(A, NOON, 10)), len(desk.outbox.due(B, NOON, 10))) == (1, 1)


def test_a_receiver_that_is_not_to_be_told_any_more_is_forgotten(desk: Desk) -> None:
    desk.outbox.subscribe([A, B])
    desk.rows.add(new_image())
    assert desk.outbox.subscribe([B]) == 1
    assert (desk.outbox.due(A, NOON, 10), len(desk.outbox.due(B, NOON, 10))) == ((), 1)


def test_what_did_not_happen_is_not_told(desk: Desk) -> None:
    desk.outbox.subscribe([A])
    image = new_image()
    desk.rows.add(image)
    desk.rows.add(image)
    with pytest.raises(NotFound):
        desk.rows.delete("absent.jpg")
    assert desk.outbox.pending() == 1


def test_of_parallel_deletions_one_is_told(desk: Desk) -> None:
    key = desk.rows.add(new_image()).key
    desk.outbox.subscribe([A])

    def delete(_: int) -> None:
        try:
            desk.rows.delete(key)
        except NotFound:
            return

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(delete, range(8)))
    assert desk.outbox.pending() == 1


def test_the_oldest_is_told_first_and_no_more_than_asked_for(desk: Desk) -> None:
    desk.outbox.subscribe([A])
    keys = [desk.rows.add(new_image()).key for _ in range(5)]
    assert [note.image.key for note in desk.outbox.due(A, NOON, 3)] == keys[:3]


def test_a_deletion_waits_until_the_creation_was_told(desk: Desk) -> None:
    desk.outbox.subscribe([A])
    key = desk.rows.add(new_image()).key
    desk.rows.delete(key)
    (created,) = desk.outbox.due(A, NOON, 10)
    desk.outbox.postpone(created.number, 1, NOON + timedelta(seconds=10))
    assert desk.outbox.due(A, NOON, 10) == ()
    desk.outbox.done(created.number)
    assert [note.event for note in desk.outbox.due(A, NOON, 10)] == ["image.deleted"]


def test_what_failed_is_due_again_at_its_time(desk: Desk) -> None:
    desk.outbox.subscribe([A])
    desk.rows.add(new_image())
    (note,) = desk.outbox.due(A, NOON, 10)
    desk.outbox.postpone(note.number, 3, NOON + timedelta(seconds=10))
    assert desk.outbox.due(A, NOON + timedelta(seconds=9), 10) == ()
    (again,) = desk.outbox.due(A, NOON + timedelta(seconds=10), 10)
    assert (again.number, again.attempts) == (note.number, 3)


def test_what_is_done_is_gone_and_done_twice_is_no_error(desk: Desk) -> None:
    desk.outbox.subscribe([A])
    desk.rows.add(new_image())
    (note,) = desk.outbox.due(A, NOON, 10)
    desk.outbox.done(note.number)
    desk.outbox.done(note.number)
    assert desk.outbox.pending() == 0


def test_one_process_delivers_as_long_as_it_says_so(desk: Desk) -> None:
    other = desk.other()
    assert desk.outbox.hold(60)
    assert not other.hold(60)
    assert desk.outbox.hold(60)
    assert desk.outbox.hold(0)
    assert other.hold(60)
    assert not desk.outbox.hold(60)


def test_the_volume_is_what_all_rows_add_up_to(desk: Desk) -> None:
    assert desk.rows.volume() == 0
    for size in (1, 20, 300):
        desk.rows.add(new_image(size=size))
    assert desk.rows.volume() == 321
