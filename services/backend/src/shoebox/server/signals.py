"""Signals that wake a select instead of interrupting it."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterable
from types import FrameType


class Wakeup:
    """A pipe that becomes readable whenever a signal with a Python handler arrives.

    Closes the gap in which a signal that comes just before a select would be noticed only
    after it (Python documentation, `signal.set_wakeup_fd`).
    """

    def __init__(self) -> None:
        self.fd, self._write = os.pipe()
        os.set_blocking(self.fd, False)
        os.set_blocking(self._write, False)

    def install(self) -> None:
        """Make this the process's wake-up pipe. Main thread only."""
        # A full pipe is readable already, so a byte that finds no room is not missed.
        signal.set_wakeup_fd(self._write, warn_on_full_buffer=False)

    def quiet(self) -> None:
        """Swallow what was written, so that the pipe waits for the next signal."""
        with contextlib.suppress(BlockingIOError):
            while len(os.read(self.fd, 4096)) == 4096:
                pass

    def close(self) -> None:
        """Close both ends, and stop signals from writing to them."""
        os.close(self.fd)
        os.close(self._write)


class SignalInbox:
    """Collects signals for a loop that looks at them when it has time."""

    def __init__(self, numbers: Iterable[signal.Signals]) -> None:
        self._numbers = frozenset(numbers)
        self._seen: set[int] = set()
        self._wakeup = Wakeup()
        self._before: dict[signal.Signals, object] = {}

    @property
    def fd(self) -> int:
        """Readable when `take` has something to return."""
        return self._wakeup.fd

    def install(self) -> None:
        """Start collecting, and let in what was held back by `hold` before an exec."""
        for number in self._numbers:
            signal.signal(number, self._note)
        self._wakeup.install()
        self.release()

    def hold(self) -> None:
        """Keep signals pending in the kernel; they survive a fork's child set-up and an exec."""
        signal.pthread_sigmask(signal.SIG_BLOCK, self._numbers)

    def release(self) -> None:
        """Undo `hold`. Signals that came meanwhile arrive now."""
        signal.pthread_sigmask(signal.SIG_UNBLOCK, self._numbers)

    def take(self) -> frozenset[int]:
        """The signals since the last call, each once."""
        self._wakeup.quiet()
        seen = self._seen
        self._seen = set()
        return frozenset(seen)

    def leave(self) -> None:
        """In a forked child: forget the parent's pipe. The handlers are the child's to replace."""
        signal.set_wakeup_fd(-1)
        self._wakeup.close()

    def uninstall(self) -> None:
        """Give the signals their default meaning back."""
        for number in self._numbers:
            signal.signal(number, signal.SIG_DFL)
        self.leave()

    def _note(self, number: int, _frame: FrameType | None) -> None:
        self._seen.add(number)
