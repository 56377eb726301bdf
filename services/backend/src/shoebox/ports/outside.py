"""What is neither picture nor row: the time, and whoever wants to be told."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from shoebox.domain.webhook import Note


class Clock(Protocol):
    """The time of day."""

    def now(self) -> datetime:
        """Aware, UTC, to the microsecond."""


class Sender(Protocol):
    """Carries events to receivers."""

    def send(self, url: str, note: Note, now: datetime) -> None:
        """Once, within a bounded time. Raises `UndeliveredError`."""
