"""The limiter's lock and table between processes."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable

from shoebox.server.limiter import RateLimiter


def in_child(work: Callable[[], int]) -> int:
    """The process id of a forked child that exits with what `work` returns."""
    pid = os.fork()
    if pid == 0:
        try:
            os._exit(work())
        finally:
            os._exit(99)
    return pid


def test_processes_together_get_exactly_the_limit() -> None:
    limiter = RateLimiter(100, clock=lambda: 1000.0)  # no token comes back

    def work() -> int:
        return sum(limiter.check("client") == 0.0 for _ in range(60))

    children = [in_child(work) for _ in range(4)]
    counts = [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in children]
    assert sum(counts) == 100


def test_a_process_killed_at_work_hinders_nobody() -> None:
    limiter = RateLimiter(1_000_000)

    def work() -> int:
        while True:
            limiter.check("client")

    for _ in range(20):
        pid = in_child(work)
        time.sleep(0.01)
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        assert limiter.check("other") == 0.0
