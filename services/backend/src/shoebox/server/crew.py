"""The processes of one master: kept at their posts, watched, buried, replaced."""

from __future__ import annotations

import os
import selectors
import signal
import time
from collections.abc import Callable, Sequence
from typing import Final

from shoebox.server.children import Child, Post, Round
from shoebox.server.forking import Nursery
from shoebox.server.heartbeat import Board
from shoebox.server.listeners import ListenError
from shoebox.server.programs import OnEvent, Program

ABSENCE: Final = 2.0  # seconds the master may be late itself; after more, beats are judged anew


class Crew:
    """This generation's posts and rounds, and `old`: who is left of the generation before."""

    def __init__(
        self,
        *,
        programs: Sequence[Program],
        nursery: Nursery,
        selector: selectors.BaseSelector,
        on_event: OnEvent,
        old: Sequence[Child],
    ) -> None:
        self.old = list(old)
        self._nursery = nursery
        self._selector = selector
        self._on_event = on_event
        board = Board(sum(program.count for program in programs))
        cells = iter(range(sum(program.count for program in programs)))
        now = time.monotonic()
        self._posts = [
            Post(program=program, index=index, cell=board.cell(next(cells)))
            for program in programs
            if program.every is None
            for index in range(program.count)
        ]
        self._rounds = [
            Round(program=program, every=program.every, due=now + program.first, cell=board.cell(next(cells)))
            for program in programs
            if program.every is not None
        ]
        self._looked = self._watched_since = now

    @property
    def complete(self) -> bool:
        """Whether every post has a child that is ready."""
        return all(post.child is not None and post.child.ready for post in self._posts)

    @property
    def struggling(self) -> bool:
        """Whether some post's child could not start or did not live long."""
        return any(post.short_lives for post in self._posts)

    def own(self) -> list[Child]:
        """The children of this generation."""
        places: list[Post | Round] = [*self._posts, *self._rounds]
        return [place.child for place in places if place.child is not None]

    def everybody(self) -> list[Child]:
        """All children, the old generation's included."""
        return [*self.own(), *self.old]

    def patience(self, longest: float) -> float:
        """Seconds until somebody is due, at most `longest`."""
        now = time.monotonic()
        return max(0.0, min([longest, *(post.due - now for post in self._posts if post.child is None)]))

    def staff(self, now: float, wanted: Callable[[str], bool]) -> None:
        """Fork for every vacant place that is due and whose program is `wanted`."""
        for post in self._posts:
            if post.child is None and post.due <= now and wanted(post.program.name) and not self._fork(post):
                post.postpone(now, harmless=False)
        for turn in self._rounds:
            if turn.child is None and turn.due <= now and wanted(turn.program.name):
                turn.due = now + turn.every
                self._fork(turn)

    def _fork(self, place: Post | Round) -> bool:
        program = place.program
        try:
            child = self._nursery.fork(program, place.index, place.cell)
        except (ListenError, OSError) as error:
            self._on_event("process not forked", program=program.name, index=place.index, error=str(error))
            return False
        place.child = child
        self._selector.register(child.status, selectors.EVENT_READ, child)
        return True

    def hear(self, child: Child) -> None:
        """Read a child's status pipe: `r` when it is ready, end of file when it is dying."""
        child.ready = os.read(child.status, 1) == b"r"
        self._forget_status(child)
        if child.ready:
            self._on_event("process ready", program=child.program, index=child.index, pid=child.pid)

    def _forget_status(self, child: Child) -> None:
        if child.status >= 0:
            self._selector.unregister(child.status)
            child.close_status()

    def look(self, now: float) -> None:
        """Kill who froze or never became ready."""
        # Whoever was stopped together with the master (Ctrl-Z, a suspended machine) is not to blame.
        if now - self._looked > ABSENCE:
            self._watched_since = now
        self._looked = now
        for post in self._posts:
            reason = post.overdue(now, self._watched_since)
            if reason and post.child is not None:
                self.kill(post.child, reason)

    def kill(self, child: Child, reason: str) -> None:
        """Kill -9, once."""
        if not child.killed:
            child.killed = reason
            self._on_event("process killed", program=child.program, index=child.index, pid=child.pid, reason=reason)
            child.send(signal.SIGKILL)

    def bury(self, pid: int, status: int, now: float) -> Child | None:
        """Take note of a death; None when the dead is none of ours (an orphan given to PID 1)."""
        child = next((child for child in self.everybody() if child.pid == pid), None)
        if child is None:
            return None
        if child.status >= 0 and not child.ready:
            self.hear(child)  # it may have been ready and died before we looked
        self._forget_status(child)
        self.old = [other for other in self.old if other is not child]
        for post in self._posts:
            if post.child is child:
                post.vacate(now)
        for turn in self._rounds:
            if turn.child is child:
                turn.child = None
        self._report(child, os.waitstatus_to_exitcode(status), now)
        return child

    def _report(self, child: Child, code: int, now: float) -> None:
        peaceful = code == 0 and child.ready
        self._on_event(
            "process ended" if peaceful else "process died",
            program=child.program,
            index=child.index,
            pid=child.pid,
            code=code,
            seconds=round(now - child.forked_at, 3),
        )

    def leave(self) -> None:
        """In a forked child: close what was for the master's eyes."""
        for child in self.own():
            child.close_status()
