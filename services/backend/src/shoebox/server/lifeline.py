"""Children do not outlive their master, however it died."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
from typing import Final

_PR_SET_PDEATHSIG: Final = 1  # linux/prctl.h
ORPHANED: Final = 1  # exit code of a child whose master is gone; nobody is left to read it


class Lifeline:
    """A pipe whose writing end only the master holds: end of file means that it is gone."""

    def __init__(self, ends: tuple[int, int] | None = None) -> None:
        self.ends = ends or os.pipe()

    def hold(self, master: int) -> None:
        """In a child: die with the process `master`. Kills outright, for a new master wants
        the ports at once, and an answer nobody supervises is worth less than that."""
        read, write = self.ends
        os.close(write)
        if sys.platform == "linux" and _die_with_parent():
            os.close(read)
        else:
            threading.Thread(target=exit_at_end, args=(read,), daemon=True, name="lifeline").start()
        if os.getppid() != master:  # it died before we asked to be told
            os._exit(ORPHANED)


def exit_at_end(fd: int) -> None:
    """End this process when the pipe `fd` does."""
    while os.read(fd, 1):
        pass
    os._exit(ORPHANED)


def _die_with_parent() -> bool:
    """prctl(2): the kernel kills this process when the parent's thread that forked it ends."""
    prctl = getattr(ctypes.CDLL(None, use_errno=True), "prctl", None)
    return prctl is not None and prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0) == 0
