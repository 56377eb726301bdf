"""Many clients at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

_Given = TypeVar("_Given")
_Result = TypeVar("_Result")


def at_once(actions: Iterable[Callable[[], _Result]]) -> list[_Result]:
    """Run all actions, each in a thread of its own, begun at the same moment; results in order."""
    waiting = list(actions)
    start = Barrier(len(waiting))

    def run(action: Callable[[], _Result]) -> _Result:
        start.wait()
        return action()

    with ThreadPoolExecutor(len(waiting)) as pool:
        return list(pool.map(run, waiting))


def shared_out(work: Callable[[_Given], _Result], items: Iterable[_Given], *, clients: int) -> list[_Result]:
    """Do `work` for every item, `clients` at a time; results in order."""
    with ThreadPoolExecutor(clients) as pool:
        return list(pool.map(work, items))
