"""A scenario: what is measured on whom, and how often."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tests.bench.arena import Arena
from tests.bench.sample import Sample

Measure = Callable[[float], Sample]  # for so many seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """`prepare` gives the subjects' measures; each is taken once a round, or `once` in all."""

    name: str
    title: str
    prepare: Callable[[Arena], Mapping[str, Measure]]
    once: bool = False
