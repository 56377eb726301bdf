"""What PostgreSQL alone reaches with our own statements: the limit below everything else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tests.bench.arena import Arena
from tests.bench.contestants.statements import DELETE, INSERT, LIST, measure
from tests.bench.rows import fill
from tests.bench.sample import Sample
from tests.bench.scenario import Measure, Scenario
from tests.stack.postgres import Login
from tests.stack.stack import Stack

CLIENTS: Final = 16
_RATE: Final = 200  # statements of a client for each second of a measurement: less than there could be


def _statements(arena: Arena) -> Mapping[str, Measure]:
    # One of its own: the others' pools hold most of the connections that the shared one has.
    stack = arena.meanwhile.enter_context(Stack(state=arena.folder / "statements", workers=1))
    login = stack.postgres.login
    fill(login, arena.sizes.rows)

    def listed(seconds: float) -> Sample:
        return measure(login, LIST, clients=CLIENTS, times=_times(seconds))

    return {
        "the page of a list": listed,
        "the row of an upload": lambda seconds: _changed(login, seconds)[0],
        "its deletion": lambda seconds: _changed(login, seconds)[1],
    }


def _changed(login: Login, seconds: float) -> tuple[Sample, Sample]:
    """Rows come and go again, so that the store is as it was."""
    times = _times(seconds)
    added = measure(login, INSERT, clients=CLIENTS, times=times)
    return added, measure(login, DELETE, clients=CLIENTS, times=times)


def _times(seconds: float) -> int:
    return max(1, round(_RATE * seconds))


STATEMENTS: Final = Scenario(
    name="statements", title=f"Our statements in PostgreSQL alone (pgbench), {CLIENTS} clients", prepare=_statements
)
