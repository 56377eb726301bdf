"""The fork itself, and a child's first and last acts."""

from __future__ import annotations

import os
import resource
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from shoebox.server.children import Child
from shoebox.server.heartbeat import Cell
from shoebox.server.lifeline import Lifeline
from shoebox.server.listeners import Listeners
from shoebox.server.programs import Handover, OnEvent, Program, Slot
from shoebox.server.signals import SignalInbox

DESCRIPTORS: Final = 16_384  # open files a process may need: connections, staged files, sockets to decoders
CRASHED: Final = 70  # exit code of a program that raised: EX_SOFTWARE of sysexits.h


@dataclass(frozen=True, slots=True, kw_only=True)
class Nursery:
    """What every fork needs of the master. `leave` closes what only the master may hold."""

    signals: SignalInbox
    lifeline: Lifeline
    listeners: Listeners
    handovers: dict[str, Handover]
    on_event: OnEvent
    leave: Callable[[], None]

    def fork(self, program: Program, index: int, cell: Cell) -> Child:
        """A new child on its way to `program.run`. Raises `ListenError` or OSError."""
        listeners = self.listeners.of(program, index)
        read, write = os.pipe()
        master = os.getpid()
        cell.beat()
        # Buffered text would be written once by each of us.
        sys.stdout.flush()
        sys.stderr.flush()
        # A signal for the newborn must not be noted in the pipe it still shares with us.
        self.signals.hold()
        try:
            pid = os.fork()
        except OSError:
            os.close(read)
            os.close(write)
            self.signals.release()
            raise
        if pid == 0:
            os.close(read)
            slot = Slot(
                program=program.name,
                index=index,
                listeners=listeners,
                handover=self.handovers.get(program.name),
                cell=cell,
                status=write,
            )
            self._live(program, slot, master)
        self.signals.release()
        os.close(write)
        return Child(pid=pid, program=program.name, index=index, forked_at=time.monotonic(), status=read)

    def _live(self, program: Program, slot: Slot, master: int) -> None:
        """The child's whole life. Never returns into the master's code."""
        code = CRASHED
        try:
            self.signals.leave()
            slot.watch_signals()
            self.signals.release()
            self.lifeline.hold(master)
            self._close_others(slot)
            code = program.run(slot)
        except SystemExit as error:
            code = error.code if isinstance(error.code, int) else CRASHED
        except BaseException:
            self.on_event("process crashed", program=slot.program, index=slot.index, error=traceback.format_exc())
        finally:
            _flush()
            os._exit(code)

    def _close_others(self, slot: Slot) -> None:
        self.leave()
        self.listeners.close_all_but(slot.listeners)
        for name, handover in self.handovers.items():
            if name != slot.program:
                handover.give.close()
                handover.take.close()


def allow_descriptors() -> None:
    """Raise the soft limit of open files, which is 1,024 on most systems, as far as we may."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, DESCRIPTORS)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            continue  # a closed pipe or stream: there is nobody to read it
