"""Telling other programs what happened: every event at least once, those of a picture in order."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable
from datetime import timedelta
from typing import Final

from shoebox.domain.errors import ShoeboxError
from shoebox.domain.webhook import Note, UndeliveredError
from shoebox.ports import Clock, Outbox, Sender

log = logging.getLogger(__name__)

BATCH: Final = 20  # events a look; small, so that a stop is heard between them
FIRST_DELAY: Final = 2.0  # seconds after the first failure, doubled with each further one
LONGEST_DELAY: Final = 3600.0  # seconds
MAX_ATTEMPTS: Final = 18  # over four to seven hours: somebody has mended the receiver by then

# What a delivery came to: "delivered", "failed" or "given up".
Count = Callable[[str], None]


class Deliverer:
    """Empties the outbox for one receiver. `count` is told the outcome of each attempt."""

    def __init__(
        self,
        *,
        outbox: Outbox,
        sender: Sender,
        clock: Clock,
        count: Count,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._outbox = outbox
        self._sender = sender
        self._clock = clock
        self._count = count
        self._chance = chance

    def deliver(self, url: str, stopping: Callable[[], bool] = lambda: False) -> int:
        """Try what is due, oldest first; returns how many were tried. An event waits until the
        earlier ones of its picture are delivered or given up. Raises `Unavailable`."""
        tried = 0
        for note in self._outbox.due(url, self._clock.now(), BATCH):
            if stopping():
                break
            self._try(url, note)
            tried += 1
        return tried

    def _try(self, url: str, note: Note) -> None:
        try:
            self._sender.send(url, note, self._clock.now())
        except UndeliveredError as error:
            self._failed(url, note, error)
        else:
            # A crash before this line delivers it once more: at least once, never less.
            self._outbox.done(note.number)
            self._count("delivered")

    def _failed(self, url: str, note: Note, error: ShoeboxError) -> None:
        attempts = note.attempts + 1
        told = {
            "event": note.event,
            "key": note.image.key,
            "receiver": receiver(url),
            "attempts": attempts,
            "reason": str(error),
        }
        if attempts >= MAX_ATTEMPTS:
            self._outbox.done(note.number)
            self._count("given up")
            log.error("webhook given up", extra=told)
            return
        delay = timedelta(seconds=backoff(attempts, self._chance()))
        self._outbox.postpone(note.number, attempts, self._clock.now() + delay)
        self._count("failed")
        log.warning("webhook failed", extra=told | {"again_in": round(delay.total_seconds(), 1)})


def backoff(attempts: int, chance: float) -> float:
    """Seconds until the next attempt after so many. `chance`, 0 to 1, spreads them over the
    second half of the time, so that receivers that come back are not met by all at once."""
    longest = min(FIRST_DELAY * 2.0 ** (attempts - 1), LONGEST_DELAY)
    return longest * (0.5 + chance / 2)


def receiver(url: str) -> str:
    """A receiver's name for logs: without user, path and query, which may hold a secret."""
    scheme, _, rest = url.partition("://")
    host = rest.partition("/")[0].partition("?")[0].rpartition("@")[2]
    return f"{scheme}://{host}"
