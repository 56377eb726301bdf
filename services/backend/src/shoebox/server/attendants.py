"""The threads of a worker: a bounded number of places, and those who stepped aside from one."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final

from shoebox.server.clients import Client

# Requests of one worker that may wait for something without a place, beside those that have
# one. Each costs a thread that sleeps, some 50 kB: enough for 50 requests a second and seconds.
ASIDE: Final = 128
_BELL_PATIENCE: Final = 1.0  # seconds for an idle thread to end; it does nothing that could last


class Attendants:
    """Threads that `attend` to the clients that `call_next` returns, until that is None.

    There are always as many as there are `places`: whoever is about to wait for long steps
    aside, somebody new takes the place, and the one aside ends with its client.
    """

    def __init__(
        self,
        places: int,
        *,
        aside: int,
        call_next: Callable[[], Client | None],
        attend: Callable[[Client], None],
    ) -> None:
        self._call_next = call_next
        self._attend = attend
        self._busy = [False] * places
        self._threads: list[_Attendant] = []
        self._aside = 0
        self._max_aside: Final = aside
        self._lock = threading.Lock()

    def start(self) -> None:
        """Fill all places."""
        self._threads = [_Attendant(self, place) for place in range(len(self._busy))]
        for thread in self._threads:
            thread.start()

    @property
    def places(self) -> int:
        """How many requests are worked on at once."""
        return len(self._busy)

    @property
    def busy(self) -> int:
        """How many places are taken by a request."""
        return sum(self._busy)

    @property
    def crowded(self) -> bool:
        """Whether all are."""
        return all(self._busy)

    @property
    def complete(self) -> bool:
        """Whether no thread ended that has a place."""
        return all(thread.is_alive() for thread in self._threads)

    def join(self) -> None:
        """Wait a moment for the idle ones to end."""
        for thread in self._threads:
            thread.join(_BELL_PATIENCE)

    def work(self, thread: _Attendant) -> None:
        """All that a thread does."""
        while thread.place is not None and (client := self._call_next()) is not None:
            self._busy[thread.place] = True
            self._attend(client)
            if thread.place is not None:
                self._busy[thread.place] = False
        if thread.place is None:
            with self._lock:
                self._aside -= 1

    def replace(self, thread: _Attendant) -> bool:
        """Give the place of `thread` to a new one. False: too many did that."""
        place = thread.place
        if place is None:
            return True
        with self._lock:
            if self._aside >= self._max_aside:
                return False
            self._busy[place] = False
            successor = _Attendant(self, place)
            try:
                successor.start()
            except RuntimeError:  # no more threads to be had
                self._busy[place] = True
                return False
            self._threads[place] = successor
            self._aside += 1
        thread.place = None
        return True


class _Attendant(threading.Thread):
    """One of them; `place` is None once it stepped aside."""

    def __init__(self, attendants: Attendants, place: int) -> None:
        super().__init__(name=f"pool-{place}", daemon=True)
        self.place: int | None = place
        self._attendants = attendants

    def run(self) -> None:
        self._attendants.work(self)

    def step_aside(self) -> bool:
        return self._attendants.replace(self)


def step_aside() -> bool:
    """Say that this thread will wait for long: another takes its place until its request is
    answered. False: so many wait already that this one must not. Other threads than a
    worker's always may."""
    thread = threading.current_thread()
    return thread.step_aside() if isinstance(thread, _Attendant) else True
