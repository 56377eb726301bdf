"""Takes measurements, in turn: the contestants of a scenario one after the other, several
rounds, so that a machine that changes its speed changes it for all."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence

from tests.bench.arena import Arena
from tests.bench.contestants import Running
from tests.bench.sample import Cell, Failed, Sample
from tests.bench.scenario import Measure, Scenario
from tests.stack.process import StackError


def run(arena: Arena, scenarios: Sequence[Scenario], *, rounds: int, seconds: float) -> list[Cell]:
    """Every scenario, one after the other; what went wrong stands in the cells."""
    cells = []
    for scenario in scenarios:
        say(f"{scenario.title} …")
        with arena.meanwhile:
            cells += list(_cells(arena, scenario, rounds=1 if scenario.once else rounds, seconds=seconds))
    return cells


def _cells(arena: Arena, scenario: Scenario, *, rounds: int, seconds: float) -> Iterator[Cell]:
    try:
        measures = dict(scenario.prepare(arena))
    except (Failed, StackError, OSError) as error:
        yield Cell(scenario=scenario.name, subject="shoebox", samples=[Sample(values={}, errors=str(error))])
        return
    samples: dict[str, list[Sample]] = {name: [] for name in measures}
    for number in range(rounds):
        for name in turns(list(measures), number):
            samples[name].append(_taken(arena, measures[name], seconds))
    for name, taken in samples.items():
        yield Cell(scenario=scenario.name, subject=name, samples=taken)


def turns(names: Sequence[str], number: int) -> Sequence[str]:
    """The order of a round: each time another one first, and every second time backwards, so that nobody
    always inherits what the same one leaves behind."""
    first = number % len(names)
    return [*names[first::-1], *names[:first:-1]] if number % 2 else [*names[first:], *names[:first]]


def _taken(arena: Arena, measure: Measure, seconds: float) -> Sample:
    os.sync()  # what the one before never wrote is not to be written in this one's time
    arena.settle()
    try:
        return measure(seconds)
    except (Failed, StackError, OSError, KeyError, ValueError) as error:
        return Sample(values={}, errors=f"{type(error).__name__}: {error}")


def with_cpu(arena: Arena, running: Running, measure: Measure) -> Measure:
    """Adds `cpu_ms`: the processor time of application and PostgreSQL a request."""

    def measured(seconds: float) -> Sample:
        before = arena.cpu_seconds(running)
        sample = measure(seconds)
        used = arena.cpu_seconds(running) - before
        return sample.adding(cpu_ms=used / sample.requests * 1000) if sample.requests else sample

    return measured


def say(what: str) -> None:
    """Progress, beside the results."""
    print(what, file=sys.stderr, flush=True)
