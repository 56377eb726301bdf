"""The process that delivers: a thread for each receiver, so that a slow one delays nobody else.

Of all hosts of a deployment one delivers: whoever holds the lease.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Collection
from typing import Final

from shoebox.domain.errors import ShoeboxError
from shoebox.ports import Outbox

log = logging.getLogger(__name__)

LEASE: Final = 30.0  # seconds; longer than an attempt may take after the lease could not be kept
RENEWAL: Final = 5.0  # seconds
PAUSE: Final = 0.5  # seconds between two looks into an empty outbox: one short question each
PATIENCE: Final = 15.0  # seconds for attempts that are under way when we are to end

# Try what is due for a receiver, unless told to stop; returns how many were tried.
Deliver = Callable[[str, Callable[[], bool]], int]


class Desk:
    """Delivers until told to leave. `wait` sleeps for at most so many seconds, and shorter when
    `draining` becomes true."""

    def __init__(
        self,
        urls: Collection[str],
        *,
        outbox: Outbox,
        deliver: Deliver,
        wait: Callable[[float], object],
        draining: Callable[[], bool],
    ) -> None:
        self._urls = tuple(urls)
        self._outbox = outbox
        self._deliver = deliver
        self._wait = wait
        self._draining = draining
        self._ours = threading.Event()  # the lease is ours
        self._over = threading.Event()

    def serve(self) -> int:
        """Work until `draining()`; returns the exit code."""
        threads = [threading.Thread(target=self._attend, args=(url,), daemon=True) for url in self._urls]
        for thread in threads:
            thread.start()
        while not self._draining():
            self._hold()
            self._wait_for(RENEWAL)
        self._over.set()
        end = time.monotonic() + PATIENCE
        while any(thread.is_alive() for thread in threads) and time.monotonic() < end:
            self._wait(0)
            time.sleep(0.05)
        if self._ours.is_set() and not any(thread.is_alive() for thread in threads):
            self._let_go()
        return 0

    def _wait_for(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while not self._draining() and (left := end - time.monotonic()) > 0:
            self._wait(min(left, 1.0))

    def _hold(self) -> None:
        try:
            if self._outbox.hold(LEASE):
                self._subscribe()
                self._ours.set()
            else:
                self._ours.clear()
        except ShoeboxError as error:
            self._ours.clear()
            log.warning("webhooks wait", extra={"reason": str(error)})

    def _subscribe(self) -> None:
        # Each time: a restore, or a host that was started with other settings, may have undone it.
        dropped = self._outbox.subscribe(self._urls)
        if dropped:
            log.warning("webhooks dropped", extra={"events": dropped, "reason": "not among WEBHOOK_URLS any more"})

    def _let_go(self) -> None:
        try:
            self._outbox.hold(0)
        except ShoeboxError as error:
            log.warning("lease left to expire", extra={"reason": str(error)})

    def _attend(self, url: str) -> None:
        while not self._over.is_set():
            if not (self._ours.is_set() and self._look(url)):
                self._over.wait(PAUSE)

    def _look(self, url: str) -> int:
        try:
            return self._deliver(url, lambda: self._over.is_set() or not self._ours.is_set())
        except ShoeboxError as error:
            log.warning("webhooks wait", extra={"reason": str(error)})
        except Exception:  # this thread must live, whatever one event holds
            log.exception("webhooks failed")
        return 0
