"""What the database alone reaches with our statements: no HTTP, no Python, no file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tests.bench.arena import Arena
from tests.bench.contestants.statements import DELETE, INSERT, LIST, Mode, measure
from tests.bench.sample import Sample
from tests.bench.scenario import Measure, Scenario
from tests.stack.postgres import Login

CLIENTS: Final = 16
_RATE: Final = 200  # times a second that a client carries out a statement, about


def _database(arena: Arena) -> Mapping[str, Measure]:
    stack = arena.stack
    ways: dict[str, tuple[Login, Mode]] = {
        "": (stack.postgres.login, "simple"),
        ", prepared": (stack.postgres.login, "prepared"),
        ", PgBouncer": (stack.pgbouncer.login, "simple"),
    }
    return {
        f"{name}{way}": _measure(name, login, mode)
        for name in (LIST, INSERT, DELETE)
        for way, (login, mode) in ways.items()
    }


def _measure(name: str, login: Login, mode: Mode) -> Measure:
    """An insertion and a deletion belong together; one of them is what is measured."""

    def measured(seconds: float) -> Sample:
        times = max(1, round(_RATE * seconds))
        names = (LIST,) if name == LIST else (INSERT, DELETE)
        samples = {each: measure(login, each, clients=CLIENTS, times=times, mode=mode) for each in names}
        return samples[name]

    return measured


DATABASE: Final = Scenario(
    name="database", title=f"pgbench of the statements alone, {CLIENTS} connections", prepare=_database
)
