"""All scenarios, in the order in which a whole run takes them."""

from __future__ import annotations

from typing import Final

from tests.bench.scenario import Scenario
from tests.bench.scenarios import footprint, freshness, lists, prices, reads, scale, statements, uploads

# Memory first: "idle" is before anybody asked much.
SCENARIOS: Final[tuple[Scenario, ...]] = (
    footprint.MEMORY,
    footprint.EMBEDDED,
    lists.UNCHANGED,
    lists.ONE_PROCESS,
    lists.MISSING,
    *uploads.CROWDED,
    *uploads.ALONE,
    reads.GET,
    reads.MIXED,
    uploads.DELETE,
    statements.STATEMENTS,
    prices.LISTS_KEPT,
    prices.ROWS,
    freshness.FRESHNESS,
    scale.SCALE,
)
