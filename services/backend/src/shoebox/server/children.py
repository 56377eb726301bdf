"""Who is where, since when, when to fork again, and in which order all leave."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from shoebox.server.heartbeat import Cell
from shoebox.server.programs import Program

SHORT_LIFE: Final = 1.0  # seconds; who dies sooner may die again at once
FREE_DEATHS: Final = 3  # short lives in a row that are replaced without delay
FIRST_DELAY: Final = 0.1  # seconds, doubled with each further short life
LONGEST_DELAY: Final = 5.0  # seconds; a repaired cause is noticed this soon
MOST_DOUBLINGS: Final = 10  # keeps the power small; LONGEST_DELAY is reached before


@dataclass(slots=True, kw_only=True, eq=False)
class Child:
    """A running process. `status` is the pipe its readiness comes through, -1 once it has."""

    pid: int
    program: str
    index: int
    forked_at: float
    status: int = -1
    ready: bool = False
    told: bool = False  # to leave
    killed: str = ""  # why the master killed it, if it did

    def send(self, number: signal.Signals) -> None:
        """Signal the process, which may be gone already."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def close_status(self) -> None:
        """Close the status pipe; twice is no error."""
        if self.status >= 0:
            os.close(self.status)
            self.status = -1


@dataclass(slots=True, kw_only=True)
class Post:
    """A slot of a program that is to be kept staffed. Times are monotonic seconds."""

    program: Program
    index: int
    cell: Cell
    child: Child | None = None
    due: float = 0.0  # not to be staffed before
    short_lives: int = 0  # in a row

    def vacate(self, now: float) -> None:
        """Its child is gone: decide when the next may come."""
        child, self.child = self.child, None
        self.postpone(now, harmless=child is not None and child.ready and now - child.forked_at >= SHORT_LIFE)

    def postpone(self, now: float, *, harmless: bool) -> None:
        """At once after the first short lives, then later and later."""
        self.short_lives = 0 if harmless else self.short_lives + 1
        doublings = min(self.short_lives - FREE_DEATHS - 1, MOST_DOUBLINGS)
        self.due = now if doublings < 0 else now + min(LONGEST_DELAY, FIRST_DELAY * 2.0**doublings)

    def overdue(self, now: float, watched_since: float) -> str:
        """Why the child must be killed, or "". Beats older than `watched_since` do not count."""
        if self.child is None:
            return ""
        if not self.child.ready:
            late = now - max(self.child.forked_at, watched_since) > self.program.boot_limit
            return "not ready in time" if late else ""
        limit = self.program.freeze_limit
        frozen = limit is not None and now - max(self.cell.last(), watched_since) > limit
        return "frozen" if frozen else ""


@dataclass(slots=True, kw_only=True)
class Round:
    """A program that runs now and then (`Program.every`), one child at a time."""

    program: Program
    every: float
    due: float
    cell: Cell
    index: int = 0
    child: Child | None = None


class Departure:
    """Sends children away, program by program in `order`: each may need those after it.

    Who is not gone at `deadline` (monotonic seconds) is killed.
    """

    def __init__(
        self, *, order: Sequence[str], number: signal.Signals, deadline: float, kill: Callable[[Child, str], None]
    ) -> None:
        self.deadline = deadline
        self._turns = {name: turn for turn, name in enumerate(order)}
        self._number = number
        self._kill = kill
        self._turn = 0

    def reached(self, program: str) -> bool:
        """Whether the program's turn has come: its dead are not replaced any more."""
        return self._turns.get(program, 0) <= self._turn

    def step(self, children: Sequence[Child], now: float) -> bool:
        """Do what is due; True when nobody is left."""
        if now >= self.deadline:
            self._turn = len(self._turns)
            for child in children:
                self._kill(child, "still there at the end of the drain")
        while self._turn < len(self._turns) and not any(self.reached(child.program) for child in children):
            self._turn += 1
        for child in children:
            if not child.told and self.reached(child.program):
                child.told = True
                child.send(self._number)
        return not children
