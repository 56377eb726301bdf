"""Processes that start as one, and processes that are killed in the middle of something."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable

from services.backend.tests.waiting import PATIENCE

_FORK = multiprocessing.get_context("fork")


def together(count: int, work: Callable[[int], None]) -> None:
    """Run `work(0)` … `work(count - 1)` in processes that start as one; all must end well."""
    start = _FORK.Barrier(count)

    def run(number: int) -> None:
        start.wait(PATIENCE)
        work(number)

    processes = [_FORK.Process(target=run, args=(number,), daemon=True) for number in range(count)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(PATIENCE)
    assert [process.exitcode for process in processes] == [0] * count


def in_a_process(work: Callable[[], object]) -> None:
    """Do `work` in a process of its own, which is killed with SIGKILL when it has done it."""
    done = _FORK.Event()

    def run() -> None:
        work()
        done.set()
        time.sleep(PATIENCE)

    process = _FORK.Process(target=run, daemon=True)
    process.start()
    assert done.wait(PATIENCE)
    process.kill()
    process.join(PATIENCE)
    assert process.exitcode == -9
