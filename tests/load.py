"""A steady load while something else happens: bounded in time, every answer kept."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from tests.client import Answer

CLIENTS: Final = 5
MAX_SECONDS: Final = 600.0  # a load that is not stopped stops by itself


class Load:
    """What a load saw: the statuses of the answers, and what went wrong without one."""

    def __init__(self) -> None:
        self.statuses: list[int] = []
        self.failures: list[str] = []
        self._stop = threading.Event()

    @property
    def bad(self) -> list[object]:
        """Every request that was not answered with a 2xx."""
        return [*self.failures, *(status for status in self.statuses if not 200 <= status < 300)]

    def _run(self, send: Callable[[], Answer], interval: float) -> None:
        deadline = time.monotonic() + MAX_SECONDS
        while not self._stop.wait(interval) and time.monotonic() < deadline:
            try:
                self.statuses.append(send().status)
            except Exception as error:  # also of `send` itself: a thread that ended would be no load
                self.failures.append(repr(error))


@contextmanager
def load(send: Callable[[], Answer], *, rate: float = 50.0, clients: int = CLIENTS) -> Iterator[Load]:
    """Call `send` about `rate` times a second from several threads until the block ends."""
    running = Load()
    threads = [threading.Thread(target=running._run, args=(send, clients / rate)) for _ in range(clients)]
    for thread in threads:
        thread.start()
    try:
        yield running
    finally:
        running._stop.set()
        for thread in threads:
            thread.join()
