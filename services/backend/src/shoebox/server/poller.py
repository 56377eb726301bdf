"""Readiness of sockets, told to exactly one of many waiting threads.

Every thread of a pool waits in the kernel itself, so a request is handed to a thread by the
system call that reports it: no queue, no second wake-up. Linux: epoll(7) with EPOLLONESHOT;
macOS: kqueue(2) with EV_ONESHOT.
"""

from __future__ import annotations

import contextlib
import select
import sys

if sys.platform == "linux":

    class Poller:
        """Threads may call every method at any time."""

        _ONCE = select.EPOLLIN | select.EPOLLONESHOT

        def __init__(self) -> None:
            self._epoll = select.epoll()

        def add(self, fd: int) -> None:
            """Report `fd` once when it is readable or at its end."""
            self._epoll.register(fd, self._ONCE)

        def rearm(self, fd: int) -> None:
            """Report it once more. Raises OSError when it was never added, or forgotten."""
            self._epoll.modify(fd, self._ONCE)

        def toll(self, fd: int) -> None:
            """Report `fd` to every thread, as often as it asks."""
            self._epoll.register(fd, select.EPOLLIN)

        def forget(self, fd: int) -> None:
            """Report it no more. Closing is not enough while another process has it open."""
            with contextlib.suppress(OSError):
                self._epoll.unregister(fd)

        def wait(self, timeout: float | None = None) -> int | None:
            """A readable descriptor, or None after `timeout` seconds."""
            events = self._epoll.poll(timeout, 1)
            return events[0][0] if events else None

        def close(self) -> None:
            """Report nothing any more."""
            self._epoll.close()

else:

    class Poller:
        """Threads may call every method at any time."""

        def __init__(self) -> None:
            self._queue = select.kqueue()

        def add(self, fd: int) -> None:
            """Report `fd` once when it is readable or at its end."""
            self._change(fd, select.KQ_EV_ADD | select.KQ_EV_ONESHOT)

        def rearm(self, fd: int) -> None:
            """Report it once more. Raises OSError when it is closed."""
            self.add(fd)

        def toll(self, fd: int) -> None:
            """Report `fd` to every thread, as often as it asks."""
            self._change(fd, select.KQ_EV_ADD)

        def forget(self, fd: int) -> None:
            """Report it no more."""
            with contextlib.suppress(OSError):
                self._change(fd, select.KQ_EV_DELETE)

        def wait(self, timeout: float | None = None) -> int | None:
            """A readable descriptor, or None after `timeout` seconds."""
            events = self._queue.control(None, 1, timeout)
            return int(events[0].ident) if events else None

        def close(self) -> None:
            """Report nothing any more."""
            self._queue.close()

        def _change(self, fd: int, flags: int) -> None:
            self._queue.control([select.kevent(fd, select.KQ_FILTER_READ, flags)], 0)
