"""One answer for many who ask the same at once, and never one that was asked for before they came."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from typing import Final, Generic, TypeVar

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")

# Seconds to wait for others. A list takes a hundredth of it; who asks for longer holds nobody up.
TURN: Final = 0.05
FOR_EVER: Final = -1.0  # as locks have it


class Sharing(Generic[K, T]):
    """Asks for the same thing once at a time. Who comes meanwhile waits for the next round, which is
    for all who wait: it is asked after each of them came, so its answer is as fresh as one's own.

    `step_aside` is called in a thread that has waited for a while and would wait for longer; if it
    says no, the thread asks by itself.
    """

    def __init__(self, step_aside: Callable[[], bool]) -> None:
        self._step_aside = step_aside
        self._lock = threading.Lock()
        self._rounds: dict[K, _Round[T]] = {}  # the last that was begun of each; its `next` is not begun

    def ask(self, key: K, asked: Callable[[], T]) -> T:
        """What `asked()` gave that was called, here or in another thread, after this. Raises what it
        raises."""
        with self._lock:
            last = self._rounds.get(key)
            joined = last.next if last else None
            mine: _Round[T] = joined or _Round()
            if last is None:
                self._rounds[key] = mine
            else:
                last.next = mine
        if joined:
            return self._follow(joined, asked)
        if last:
            last.wait(TURN)
            with self._lock:  # nobody joins any more: who comes now waits for the round after this
                last.next, self._rounds[key] = None, mine
        return self._lead(mine, key, asked)

    def _lead(self, mine: _Round[T], key: K, asked: Callable[[], T]) -> T:
        try:
            answer = asked()
            mine.answer = (answer,)
            return answer
        finally:
            with self._lock:
                if mine.next is None and self._rounds.get(key) is mine:
                    del self._rounds[key]
            mine.end()

    def _follow(self, mine: _Round[T], asked: Callable[[], T]) -> T:
        if mine.wait(2 * TURN) or (self._step_aside() and mine.wait()):
            for answer in mine.answer:
                return answer
        return asked()  # it failed, which need not be ours to bear


class _Round(Generic[T]):
    """One call, for all who came before it."""

    __slots__ = ("_over", "answer", "next")

    def __init__(self) -> None:
        self.answer: tuple[()] | tuple[T] = ()
        self.next: _Round[T] | None = None
        # Free once it is over, and handed from one to the next: an Event costs twenty times as much.
        self._over = threading.Lock()
        self._over.acquire()

    def end(self) -> None:
        """Let all go on who wait."""
        self._over.release()

    def wait(self, seconds: float = FOR_EVER) -> bool:
        """Whether it is over within so many seconds."""
        if self._over.acquire(timeout=seconds):
            self._over.release()
            return True
        return False
