"""Waits that have an end."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

PATIENCE: Final = 60.0  # seconds: far more than anything here takes, on a slow machine that pauses too
A_MOMENT: Final = 0.01  # seconds between two looks


def wait_until(true: Callable[[], object]) -> None:
    """Return as soon as it is; AssertionError when it never is."""
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end, "it never came"
        time.sleep(A_MOMENT)
