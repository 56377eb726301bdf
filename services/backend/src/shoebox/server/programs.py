"""What the master runs: programs, and the slots their processes stand in."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import FrameType
from typing import Final, Protocol

from shoebox.server.heartbeat import Cell
from shoebox.server.signals import Wakeup

FREEZE_LIMIT: Final = 10.0  # seconds without a beat; a loaded machine delays a beat by one or two
BOOT_LIMIT: Final = 30.0  # seconds from the fork to `ready()`; a slow disk needs a few
RETIRE_SIGNAL: Final = signal.SIGUSR2  # leave, your successor is already at work
REOPEN_SIGNAL: Final = signal.SIGUSR1  # the log files were moved away, open them anew


class OnEvent(Protocol):
    """Where the server room reports. `event` is a constant sentence, the fields tell the rest."""

    def __call__(self, event: str, /, **fields: object) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where to listen. Port 0 lets the system choose."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Handover:
    """The two ends of a program's hand-over socket: leaving processes give their idle
    connections to the ones that stay."""

    give: socket.socket
    take: socket.socket

    def __post_init__(self) -> None:
        # `send_fds` and `recv_fds` ignore the flag that would say so for one call (Python 3.11).
        self.give.setblocking(False)
        self.take.setblocking(False)


class Slot:
    """A process's view of its place. Made by the master in the child, right after the fork.

    The main thread of a program must call `beat` (or `wait`, which does) at least every
    few seconds, `ready` once it can work, and return from `run` soon after `draining` is set.
    """

    def __init__(
        self,
        *,
        program: str,
        index: int,
        listeners: tuple[socket.socket, ...],
        handover: Handover | None,
        cell: Cell,
        status: int,
    ) -> None:
        self.program = program
        self.index = index
        self.listeners = listeners
        self.handover = handover
        self.draining = False
        self.replaced = False  # with `draining`: a new generation is at work already
        self.on_reopen: Callable[[], None] = _nothing
        self._reopen = False
        self._cell = cell
        self._status = status
        self._wakeup = Wakeup()

    def watch_signals(self) -> None:
        """Let the master's signals set `draining` and wake `wake_fd`. Main thread only."""
        # Ctrl-C reaches the whole process group, a hang-up of the terminal too: the master decides.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for number in (signal.SIGTERM, RETIRE_SIGNAL, REOPEN_SIGNAL):
            signal.signal(number, self._obey)
        self._wakeup.install()

    @property
    def wake_fd(self) -> int:
        """Becomes readable when `draining` changes; `beat` makes it quiet again."""
        return self._wakeup.fd

    def ready(self) -> None:
        """Tell the master that this process can work. Later calls do nothing."""
        self.beat()
        if self._status >= 0:
            with contextlib.suppress(BrokenPipeError):
                os.write(self._status, b"r")
            os.close(self._status)
            self._status = -1

    def beat(self) -> None:
        """Tell the master that this process is alive; reopens logs when that was asked for."""
        self._cell.beat()
        self._wakeup.quiet()
        if self._reopen:
            self._reopen = False
            self.on_reopen()

    def wait(self, timeout: float, *readers: int) -> list[int]:
        """Sleep until one of the descriptors `readers` is readable, a signal came or
        `timeout` seconds are over; returns the readable ones. Beats before and after."""
        self.beat()
        poll = select.poll()
        for fd in (self.wake_fd, *readers):
            poll.register(fd, select.POLLIN)
        events = [] if self.draining else poll.poll(timeout * 1000)
        self.beat()
        return [fd for fd, _ in events if fd in readers]

    def _obey(self, number: int, _frame: FrameType | None) -> None:
        if number == REOPEN_SIGNAL:
            self._reopen = True
            return
        self.replaced = number == RETIRE_SIGNAL
        self.draining = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """One kind of process and how many of it there are.

    `run` is called in the forked child and returns its exit code. `addresses` is empty, one
    for all slots to share, or one for each slot. `freeze_limit` None means nobody listens to
    the beats. With `every` set the program is not kept running: one child is forked `first`
    seconds after the start and then every `every` seconds, and is over when it returns.
    """

    name: str
    run: Callable[[Slot], int]
    count: int = 1
    addresses: Sequence[Address] = ()
    freeze_limit: float | None = FREEZE_LIMIT
    boot_limit: float = BOOT_LIMIT
    every: float | None = None
    first: float = 60.0

    def __post_init__(self) -> None:
        if len(self.addresses) not in {0, 1, self.count}:
            raise ValueError(f"{self.name}: {len(self.addresses)} addresses for {self.count} slots")


def _nothing() -> None:
    """A program that keeps no log file has nothing to reopen."""
