"""What a worker bears, and how busy it is."""

from __future__ import annotations

from dataclasses import dataclass

from shoebox.server.attendants import ASIDE


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one worker bears. Times in seconds."""

    threads: int = 16
    aside: int = ASIDE  # requests that wait for something without a thread's place
    connections: int = 1000  # open at once; each costs a descriptor and a few kB
    wait: float = 0.5  # for a free thread; then 503
    head: float = 10.0  # for a whole head, once its first byte came
    idle: float = 75.0  # between requests; longer than Nginx keeps its side (60)
    grace: float = 1.0  # for idle connections to bring one more request while we stop


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """How busy a worker is. `waiting` counts requests for which no thread was free."""

    threads: int
    busy: int
    connections: int
    waiting: int
