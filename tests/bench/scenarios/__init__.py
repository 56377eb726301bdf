"""All scenarios, in the order in which a whole run takes them."""

from __future__ import annotations

from typing import Final

from tests.bench.scenario import Scenario
from tests.bench.scenarios import lists

SCENARIOS: Final[tuple[Scenario, ...]] = (lists.UNCHANGED, lists.MISSING)
