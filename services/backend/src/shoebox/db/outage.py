"""How long to keep asking a database that went away."""

from __future__ import annotations

import threading
import time
from contextlib import ExitStack
from types import TracebackType
from typing import Final

# Seconds. Longer than PgBouncer's server_login_retry (1 s), during which it refuses clients
# although PostgreSQL is back; short enough for a client to wait.
BUDGET: Final = 1.6
PAUSE: Final = 0.1  # seconds between two tries; the first retry does not wait


class Outage:
    """What the calls of one process know of their database.

    The calls that meet the beginning of an outage retry for `BUDGET`, so a restart passes
    unnoticed. After that only one call at a time keeps retrying, and the others hear at once
    that the database is away: threads that all wait for it could serve nothing else.
    """

    def __init__(self, *, budget: float = BUDGET) -> None:
        self.budget = budget
        self._since: float | None = None
        self._patient = threading.Lock()

    def patience(self) -> Patience:
        """For one call: a context manager to ask after each failure."""
        return Patience(self)

    def over(self) -> None:
        """The database answered."""
        self._since = None

    def deadline(self, held: ExitStack) -> float:
        """Until when a call that fails now may retry; what it holds for that goes to `held`."""
        now = time.monotonic()
        since = self._since
        if since is None:
            self._since = since = now
        if now < since + self.budget:
            return since + self.budget
        if self._patient.acquire(blocking=False):
            held.callback(self._patient.release)
            return now + self.budget
        return now


class Patience:
    """One call's share of an outage."""

    def __init__(self, outage: Outage) -> None:
        self._outage = outage
        self._deadline: float | None = None
        self._held = ExitStack()

    def __enter__(self) -> Patience:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._held.close()

    def lasts(self) -> bool:
        """Whether to try again after a failure; returns when it is time to."""
        if self._deadline is None:
            self._deadline = self._outage.deadline(self._held)
            return True
        if time.monotonic() + PAUSE > self._deadline:
            return False
        time.sleep(PAUSE)
        return True
