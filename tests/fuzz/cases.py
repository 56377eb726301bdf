"""How many cases there are, and that they are the same ones in every run."""

from __future__ import annotations

import os
from typing import Final

from hypothesis import HealthCheck, settings

SCALE: Final = 1 << 16  # places are fractions of what is changed, in these units


def wanted(usual: int) -> int:
    """The cases of one file of tests: FUZZ_CASES, or as many as every run of the suite does."""
    return int(os.environ.get("FUZZ_CASES", usual))


def bounded(cases: int) -> settings:
    """The same cases in every run, as many as asked for, as slow as the machine is."""
    return settings(
        max_examples=max(1, cases),
        derandomize=True,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
