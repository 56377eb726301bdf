"""When to fork again, whom to kill, and who leaves first."""

from __future__ import annotations

import signal

import pytest

from shoebox.server.children import FREE_DEATHS, LONGEST_DELAY, Child, Departure, Post
from shoebox.server.heartbeat import Board
from shoebox.server.programs import Address, Program, Slot


class Recorded(Child):
    """A child whose signals are noted, not sent."""

    def send(self, number: signal.Signals) -> None:
        sent.append((self.program, self.index, number))


sent: list[tuple[str, int, signal.Signals]] = []


@pytest.fixture(autouse=True)
def _forget() -> None:
    sent.clear()


def child(program: str = "worker", index: int = 0, *, ready: bool = True, forked_at: float = 0.0) -> Child:
    return Recorded(pid=1, program=program, index=index, forked_at=forked_at, ready=ready)


def run(slot: Slot) -> int:
    return 0


def post(*, freeze_limit: float | None = 10.0, boot_limit: float = 30.0) -> Post:
    program = Program(name="worker", run=run, freeze_limit=freeze_limit, boot_limit=boot_limit)
    return Post(program=program, index=0, cell=Board(1).cell(0))


def kill(victim: Child, reason: str) -> None:
    victim.killed = reason
    sent.append((victim.program, victim.index, signal.SIGKILL))


def delays(deaths: int, *, lived: float) -> list[float]:
    place, found = post(), []
    for _ in range(deaths):
        place.child = child(forked_at=100.0 - lived)
        place.vacate(100.0)
        found.append(round(place.due - 100.0, 3))
    return found


def test_the_first_short_lives_are_replaced_at_once_and_then_ever_later() -> None:
    assert delays(9, lived=0.01) == [0.0] * FREE_DEATHS + [0.1, 0.2, 0.4, 0.8, 1.6, 3.2]
    assert delays(100, lived=0.01)[-1] == LONGEST_DELAY


def test_after_a_long_life_the_next_comes_at_once() -> None:
    assert delays(20, lived=60.0) == [0.0] * 20


def test_a_long_life_that_never_got_ready_counts_as_short() -> None:
    place = post()
    place.child = child(ready=False)
    place.vacate(60.0)
    assert place.short_lives == 1


def test_a_child_without_a_beat_is_overdue() -> None:
    place = post(freeze_limit=10.0)
    place.child = child()
    place.cell.beat()
    last = place.cell.last()
    assert place.overdue(last + 9, 0.0) == ""
    assert place.overdue(last + 11, 0.0) == "frozen"


def test_beats_are_judged_only_while_the_master_watched() -> None:
    place = post(freeze_limit=10.0)
    place.child = child()
    place.cell.beat()
    last = place.cell.last()
    assert place.overdue(last + 100, last + 95) == ""


def test_a_program_without_a_freeze_limit_may_be_silent() -> None:
    place = post(freeze_limit=None)
    place.child = child()
    assert place.overdue(1e9, 0.0) == ""


def test_a_child_that_does_not_get_ready_is_overdue() -> None:
    place = post(boot_limit=5.0)
    place.child = child(ready=False, forked_at=100.0)
    assert place.overdue(104.0, 0.0) == ""
    assert place.overdue(106.0, 0.0) == "not ready in time"


def departure(deadline: float = 100.0) -> Departure:
    return Departure(order=["worker", "decoder"], number=signal.SIGTERM, deadline=deadline, kill=kill)


def test_a_program_is_told_to_leave_when_those_before_it_have_left() -> None:
    leaving, workers, decoder = departure(), [child(index=0), child(index=1)], child("decoder")
    assert not leaving.step([*workers, decoder], 0.0)
    assert not leaving.step([workers[1], decoder], 1.0)
    assert sent == [("worker", 0, signal.SIGTERM), ("worker", 1, signal.SIGTERM)]
    assert not leaving.step([decoder], 2.0)
    assert sent[2:] == [("decoder", 0, signal.SIGTERM)]
    assert leaving.step([], 3.0)


def test_a_program_whose_turn_has_not_come_is_still_replaced() -> None:
    leaving, worker, decoder = departure(), child(), child("decoder")
    leaving.step([worker, decoder], 0.0)
    assert (leaving.reached("worker"), leaving.reached("decoder")) == (True, False)
    leaving.step([decoder], 1.0)
    assert leaving.reached("decoder")


def test_programs_of_older_code_leave_first() -> None:
    leaving = departure()
    leaving.step([child("forgotten"), child("decoder")], 0.0)
    assert ("forgotten", 0, signal.SIGTERM) in sent


def test_who_is_late_is_killed() -> None:
    leaving, worker, decoder = departure(deadline=10.0), child(), child("decoder")
    assert not leaving.step([worker, decoder], 11.0)
    assert {entry[0] for entry in sent if entry[2] == signal.SIGKILL} == {"worker", "decoder"}


def test_addresses_are_for_nobody_for_all_or_for_each() -> None:
    one = Address(host="127.0.0.1", port=0)
    with pytest.raises(ValueError, match="2 addresses for 3 slots"):
        Program(name="worker", run=run, count=3, addresses=[one, one])
    assert Program(name="worker", run=run, count=3, addresses=[one]).addresses == [one]
