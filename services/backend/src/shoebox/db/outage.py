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

    A call retries for `BUDGET` when the outage has just begun, so a restart passes unnoticed.
    Later only one call at a time keeps retrying, and the others hear at once that the
    database is away: threads that all wait for it could serve nothing else.
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

    def is_beginning(self) -> bool:
        """Whether this failure is one of an outage's first."""
        now = time.monotonic()
        since = self._since
        if since is None:
            self._since = since = now
        return now < since + self.budget

    def elect(self, held: ExitStack) -> bool:
        """Whether the caller is now the one that keeps asking, until `held` is closed."""
        elected = self._patient.acquire(blocking=False)
        if elected:
            held.callback(self._patient.release)
        return elected


class Patience:
    """One call's share of an outage."""

    def __init__(self, outage: Outage) -> None:
        self._outage = outage
        self._started = time.monotonic()
        self._patient: bool | None = None  # not known before the first failure
        self._held = ExitStack()

    def __enter__(self) -> Patience:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._held.close()

    def lasts(self) -> bool:
        """Whether to try again after a failure; returns when it is time to. The first retry is
        at once, unless the first try alone has used all patience up."""
        deadline = self._started + self._outage.budget
        if self._patient is None:
            self._patient = self._outage.is_beginning() or self._outage.elect(self._held)
            return time.monotonic() < deadline
        if not self._patient or time.monotonic() + PAUSE > deadline:
            return False
        time.sleep(PAUSE)
        return True
