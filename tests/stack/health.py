"""Whether the whole of it is ready, as /health tells."""

from __future__ import annotations

import urllib.request
from typing import Final

from tests.stack.process import Process, StackError

_PATIENCE: Final = 5.0  # seconds for one answer


def healthy(url: str, workers: Process) -> bool:
    """Whether `url`/health answers 200. Raises `StackError` once `workers` has ended."""
    if not workers.alive:
        raise StackError(f"the workers do not start:\n{workers.tail()}")
    try:
        with urllib.request.urlopen(f"{url}/health", timeout=_PATIENCE) as answer:
            return bool(answer.status == 200)
    except OSError:  # refused, or an error status: not yet
        return False
