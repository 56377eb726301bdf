"""All scenarios, in the order in which a whole run takes them."""

from __future__ import annotations

from typing import Final

from tests.bench.scenario import Scenario
from tests.bench.scenarios import footprint, freshness, lists, prices, reads, scale, statements, uploads

# Memory first: "idle" is before anybody asked much. Lists before uploads, which stay: a baseline counts
# its rows anew for each list. Deletions last of those: files are made slowly for a while after them.
SCENARIOS: Final[tuple[Scenario, ...]] = (
    footprint.MEMORY,
    footprint.EMBEDDED,
    lists.UNCHANGED,
    lists.ONE_PROCESS,
    lists.MISSING,
    reads.GET,
    reads.MIXED,
    *uploads.CROWDED,
    *uploads.ALONE,
    uploads.DELETE,
    statements.STATEMENTS,
    prices.LISTS_KEPT,
    prices.ROWS,
    freshness.FRESHNESS,
    scale.SCALE,
)
