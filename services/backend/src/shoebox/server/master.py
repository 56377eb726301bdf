"""The master: binds, forks, watches, replaces, renews itself, and leaves in good order."""

from __future__ import annotations

import gc
import os
import selectors
import signal
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from shoebox.server import reload
from shoebox.server.children import Child, Departure
from shoebox.server.crew import Crew
from shoebox.server.forking import Nursery, allow_descriptors
from shoebox.server.lifeline import Lifeline
from shoebox.server.listeners import Listeners
from shoebox.server.programs import REOPEN_SIGNAL, RETIRE_SIGNAL, Address, Handover, OnEvent, Program
from shoebox.server.reload import Inheritance, Reloading
from shoebox.server.signals import SignalInbox

DRAIN_LIMIT: Final = 30.0  # seconds; a slow upload needs them. Docker kills after 10 unless told otherwise
TICK: Final = 0.5  # seconds between two looks at the heartbeats
BUSY_TICK: Final = 0.05  # seconds, while processes leave
FAILED: Final = 1  # exit code when a process did not start and named no code itself

_SIGNALS: Final = (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP, REOPEN_SIGNAL)


class Master:
    """Keeps `programs` running until it is told to stop.

    SIGTERM and SIGINT drain, program by program in the given order, each until its processes
    are gone; who is left after `drain_limit` seconds is killed; a second SIGINT kills at once.
    SIGHUP renews code and settings in place, SIGUSR1 is passed on to reopen logs. `on_ready`
    is called once, with the real addresses, when all are ready for the first time, never
    after a reload. One per process, in a process without threads.
    """

    def __init__(
        self,
        *,
        programs: Sequence[Program],
        on_event: OnEvent,
        on_ready: Callable[[tuple[Address, ...]], None],
        reloading: Reloading | None = None,
        drain_limit: float = DRAIN_LIMIT,
    ) -> None:
        inheritance = Inheritance.read(reloading.environ) if reloading else None
        self._programs = tuple(programs)
        self._on_event = on_event
        self._on_ready = on_ready
        self._reloading = reloading
        self._drain_limit = drain_limit
        self._generation = inheritance.generation + 1 if inheritance else 1
        self._signals = SignalInbox(_SIGNALS)
        self._selector = selectors.DefaultSelector()
        self._listeners = Listeners()
        self._lifeline = Lifeline(inheritance.lifeline if inheritance else None)
        self._handovers = dict(_handovers(self._programs, inheritance))
        self._crew = Crew(
            programs=self._programs,
            nursery=self._nursery(),
            selector=self._selector,
            on_event=on_event,
            old=_adopted(inheritance),
        )
        if inheritance:
            self._listeners.adopt(inheritance.listeners)
            reload.take_over(inheritance)
        self._booted = False  # this generation was complete once
        self._stop: Departure | None = None
        self._retirement: Departure | None = None
        self._exit_code = 0
        self._reload_wanted = False
        self._rechecked = False
        self._check: reload.Check | None = None

    def run(self) -> int:
        """Supervise until told to stop; returns the exit code.

        0 after a stop by signal, the code of a process that could not start at first. Raises
        `ListenError` when an address cannot be bound at the first start.
        """
        if self._generation == 1:
            self._addresses()
        allow_descriptors()
        self._signals.install()
        self._selector.register(self._signals.fd, selectors.EVENT_READ)
        # What exists now is shared with all children and never garbage: the collector must not
        # touch it, for a touched page is a page copied into each of them.
        gc.collect()
        gc.freeze()
        try:
            while not self._turn():
                pass
        finally:
            self._end()
        self._on_event("stopped", code=self._exit_code)
        return self._exit_code

    def _nursery(self) -> Nursery:
        return Nursery(
            signals=self._signals,
            lifeline=self._lifeline,
            listeners=self._listeners,
            handovers=self._handovers,
            on_event=self._on_event,
            leave=self._leave,
        )

    def _leave(self) -> None:
        self._selector.close()
        self._crew.leave()

    def _addresses(self) -> tuple[Address, ...]:
        return tuple(address for program in self._programs for address in self._listeners.bound(program))

    def _turn(self) -> bool:
        """One turn of the loop; True when all is over."""
        calm = self._stop is None and self._retirement is None
        for key, _ in self._selector.select(self._crew.patience(TICK) if calm else BUSY_TICK):
            if isinstance(key.data, Child):
                self._crew.hear(key.data)
        for number in self._signals.take():
            self._obey(number)
        self._reap()
        now = time.monotonic()
        self._crew.look(now)
        self._crew.staff(now, self._wanted)
        if self._stop is not None:
            return self._stop.step(self._crew.everybody(), now)
        self._advance(now)
        return False

    def _wanted(self, program: str) -> bool:
        return self._stop is None or not self._stop.reached(program)

    def _obey(self, number: int) -> None:
        if number == signal.SIGHUP:
            self._reload_wanted = True
        elif number == REOPEN_SIGNAL:
            for child in self._crew.everybody():
                child.send(REOPEN_SIGNAL)
        elif number in {signal.SIGTERM, signal.SIGINT}:
            if self._stop is None:
                self._begin_stop(signal.Signals(number).name)
            elif number == signal.SIGINT:
                self._stop.deadline = 0.0

    def _begin_stop(self, reason: str) -> None:
        self._on_event("stopping", reason=reason)
        self._listeners.close()
        self._stop = self._departure(signal.SIGTERM)

    def _departure(self, number: signal.Signals) -> Departure:
        return Departure(
            order=[program.name for program in self._programs],
            number=number,
            deadline=time.monotonic() + self._drain_limit,
            kill=self._crew.kill,
        )

    def _reap(self) -> None:
        for pid, status in _dead():
            if self._check is not None and pid == self._check.pid:
                self._judge(os.waitstatus_to_exitcode(status))
                continue
            child = self._crew.bury(pid, status, time.monotonic())
            first_start = self._generation == 1 and not self._booted and self._stop is None
            if child is not None and first_start and not child.ready:
                # It would only fail again: whoever started us must hear of it.
                self._exit_code = max(os.waitstatus_to_exitcode(status), 0) or FAILED
                self._begin_stop("a process could not start")

    def _advance(self, now: float) -> None:
        """From complete to ready, from renewed to retired, from wanted to checked."""
        if not self._booted and self._crew.complete:
            self._booted = True
            if self._generation == 1:
                self._on_ready(self._addresses())
            else:
                self._on_event("reloaded", generation=self._generation)
                self._retirement = self._departure(RETIRE_SIGNAL)
        if self._retirement is not None and self._retirement.step(self._crew.old, now):
            self._retirement = None
            self._listeners.drop_unused(self._programs)
        if self._check is not None and now > self._check.deadline:
            self._check.kill()
        # A generation that cannot start is renewed too: the new code may be its repair.
        settled = self._booted or (self._generation > 1 and self._crew.struggling)
        if self._reload_wanted and settled and self._check is None and self._retirement is None:
            self._begin_reload()

    def _begin_reload(self) -> None:
        self._reload_wanted = False
        if self._reloading is None:
            self._on_event("reload refused", reason="this master was started without a way to reload")
            return
        try:
            self._check = reload.Check.start(self._reloading)
        except OSError as error:
            self._on_event("reload refused", reason=str(error))

    def _judge(self, code: int) -> None:
        self._check = None
        if self._stop is not None or self._reloading is None:
            return
        # Something changed since the check began: look once more, but not for ever.
        again = self._reload_wanted and not self._rechecked
        self._rechecked = again
        if code != 0:
            self._on_event("reload refused", reason="the check failed", code=code)
        elif not again:
            self._renew(self._reloading)

    def _renew(self, reloading: Reloading) -> None:
        # From here to the successor's handlers, signals wait in the kernel.
        self._signals.hold()
        for number in self._signals.take():
            self._obey(number)
        try:
            if self._stop is None:
                reload.become(reloading, self._estate())
        except OSError as error:
            self._on_event("reload failed", reason=str(error))
        finally:
            self._signals.release()

    def _estate(self) -> Inheritance:
        return Inheritance(
            pid=os.getpid(),
            generation=self._generation,
            lifeline=self._lifeline.ends,
            listeners=self._listeners.export(),
            handovers={name: (pair.give.fileno(), pair.take.fileno()) for name, pair in self._handovers.items()},
            children=tuple((child.pid, child.program, child.index) for child in self._crew.everybody()),
        )

    def _end(self) -> None:
        """Leave nobody behind, whatever went wrong."""
        for child in self._crew.everybody():
            child.send(signal.SIGKILL)
        for child in self._crew.everybody():
            os.waitpid(child.pid, 0)
        if self._check is not None:
            self._check.kill()
        self._signals.uninstall()
        self._selector.close()


def _handovers(programs: Sequence[Program], inheritance: Inheritance | None) -> Iterator[tuple[str, Handover]]:
    inherited = inheritance.handovers if inheritance else {}
    for program in programs:
        if program.addresses and program.name not in inherited:
            give, take = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
            yield program.name, Handover(give=give, take=take)
    for name, (give_fd, take_fd) in inherited.items():
        yield name, Handover(give=socket.socket(fileno=give_fd), take=socket.socket(fileno=take_fd))


def _adopted(inheritance: Inheritance | None) -> list[Child]:
    now = time.monotonic()
    children = inheritance.children if inheritance else ()
    return [Child(pid=pid, program=name, index=n, forked_at=now, ready=True) for pid, name, n in children]


def _dead() -> Iterator[tuple[int, int]]:
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        yield pid, status
