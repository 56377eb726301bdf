"""How long to keep asking a database that went away."""

from __future__ import annotations

import mmap
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Final

from shoebox.db.pool import stay

# Seconds. Longer than PgBouncer's server_login_retry (1 s), during which it refuses clients
# although PostgreSQL is back; short enough for a client to wait.
BUDGET: Final = 1.6
PAUSE: Final = 0.1  # seconds between two tries of the one who asks; its first retry does not wait
_DOUBLE: Final = 8  # bytes; aligned, so that a reader never sees half of one


class OutageClock:
    """Since when the database is away, as all processes of a host know it: what one has waited for
    another need not wait for again. Make it before the fork; the memory is shared."""

    def __init__(self) -> None:
        self._since: memoryview[float] = memoryview(mmap.mmap(-1, _DOUBLE)).cast("d")

    @property
    def since(self) -> float:
        """On the monotonic clock; 0 while the database answers, as far as anybody knows."""
        return self._since[0]

    def failed(self) -> None:
        """It does not answer."""
        if not self._since[0]:
            self._since[0] = time.monotonic()

    def answered(self) -> None:
        """It answers."""
        self._since[0] = 0.0


class Outage:
    """What the calls of one process know of their database.

    Until `patience` seconds after the database went away calls wait for it, so that a restart
    passes unnoticed: one of them asks again and again, the others sleep until it is answered.
    Later only one call at a time keeps asking, for `BUDGET`, and the others hear at once that
    the database is away. `step_aside` is called before a call sleeps, so that its thread is
    not missed elsewhere; when it says no, the call does not wait. `clock` may be shared with
    other processes, the rest is one's own.
    """

    def __init__(
        self,
        *,
        patience: float = BUDGET,
        step_aside: Callable[[], bool] = stay,
        clock: OutageClock | None = None,
    ) -> None:
        self.patience: Final = patience
        self.step_aside: Final = step_aside
        self._clock = clock or OutageClock()
        self._changed = threading.Condition()
        self._asking = False  # somebody keeps asking
        self._sleeping = 0

    def call(self, *, patient: bool = True) -> Call:
        """For one call: a context manager to ask before each try and to tell of each failure."""
        return Call(self, patient=patient)

    @property
    def is_known(self) -> bool:
        """Whether the last try that ended failed."""
        return self._clock.since > 0

    @property
    def is_long(self) -> bool:
        """Whether it lasts longer than calls wait."""
        return time.monotonic() >= self.ends()

    def ends(self) -> float:
        """When, on the monotonic clock, calls stop waiting."""
        return (self._clock.since or time.monotonic()) + self.patience

    def begin(self) -> None:
        """The database did not answer."""
        self._clock.failed()

    def over(self) -> None:
        """The database answered."""
        if self._clock.since or self._sleeping:
            with self._changed:
                self._clock.answered()
                self._changed.notify_all()

    def elect(self) -> bool:
        """Whether the caller is now the one that keeps asking, until it says `retire`."""
        with self._changed:
            elected = not self._asking
            self._asking = True
            return elected

    def retire(self) -> None:
        """Let somebody else keep asking."""
        with self._changed:
            self._asking = False
            self._changed.notify_all()

    def sleep(self) -> bool:
        """Sleep until it is over or somebody has to ask; False when that lasts too long."""
        with self._changed:
            while self.is_known and self._asking:
                if self.is_long:
                    return False
                self._sleeping += 1
                self._changed.wait(self.ends() - time.monotonic())
                self._sleeping -= 1
            return True


class Call:
    """One call's share of an outage."""

    def __init__(self, outage: Outage, *, patient: bool) -> None:
        self._outage = outage
        self._patient = patient
        self._started = time.monotonic()
        self._failures = 0
        self._is_asking = False
        self._is_aside = False

    def __enter__(self) -> Call:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._is_asking:
            self._outage.retire()

    def failed(self) -> None:
        """A try was not answered."""
        self._failures += 1
        self._outage.begin()

    def refused(self) -> None:
        """A try was answered in a way that another one may better."""
        self._failures += 1

    def ready(self) -> bool:
        """Whether to try, or try again; returns when it is time to. The first retry is at once:
        the connection may merely have been an old one. Where many fail together one retries for all."""
        if not self._outage.is_known:
            return self._failures == 0 or (self._lasts() if self._failures == 1 else self._pause())
        if not self._patient:
            return self._lasts() if self._failures == 1 else self._failures == 0 and self._elected()
        while not self._elected():
            if self._outage.is_long or not self._may_sleep() or not self._outage.sleep():
                return False
            if not self._outage.is_known:
                return self._lasts()
        if self._failures == 0:
            return True
        return self._lasts() and self._may_sleep() if self._failures == 1 else self._pause()

    def _elected(self) -> bool:
        self._is_asking = self._is_asking or self._outage.elect()
        return self._is_asking

    def _pause(self) -> bool:
        if not self._lasts(PAUSE) or not self._may_sleep():
            return False
        time.sleep(PAUSE)
        return True

    def _lasts(self, more: float = 0.0) -> bool:
        """Whether there is patience left after so many seconds more."""
        own = self._started + (self._outage.patience if self._patient else BUDGET)
        if self._outage.is_known:
            own = min(own, max(self._outage.ends(), self._started + BUDGET))
        return time.monotonic() + more <= own

    def _may_sleep(self) -> bool:
        self._is_aside = self._is_aside or self._outage.step_aside()
        return self._is_aside
