"""What is aimed at, and whether it was reached. A target that is missed is said, and no error."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from tests.bench.sample import Cell

OURS: Final = "shoebox"

Medians = Mapping[str, Mapping[str, float]]  # of a scenario: by subject, by the number's name


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One number of a scenario and its bound: the least it should be, or the most."""

    scenario: str
    what: str
    value: Callable[[Medians], float]  # raises `KeyError` where something it is made of was not measured
    least: float | None = None
    most: float | None = None

    @property
    def bound(self) -> str:
        """As people write it."""
        return f"≥ {self.least:g}" if self.least is not None else f"≤ {self.most:g}"

    def met_by(self, value: float) -> bool:
        """Whether the number keeps the bound."""
        return (self.least is None or value >= self.least) and (self.most is None or value <= self.most)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What became of a target; `value` is None where it was not measured, or had an error."""

    scenario: str
    what: str
    bound: str
    value: float | None
    met: bool


def _against(scenario: str, other: str, least: float) -> Target:
    def value(found: Medians) -> float:
        return found[OURS]["rps"] / found[other]["rps"]

    return Target(scenario=scenario, what=f"requests/s, times those of {other}", value=value, least=least)


def _most(scenario: str, name: str, what: str, most: float) -> Target:
    return Target(scenario=scenario, what=what, value=lambda found: found[OURS][name], most=most)


def _spread(scenario: str, most: float) -> Target:
    def value(found: Medians) -> float:
        return found[OURS]["p99_ms"] / found[OURS]["p50_ms"]

    return Target(scenario=scenario, what="p99, times p50", value=value, most=most)


def _worst(place: str, name: str, what: str, most: float) -> Target:
    def value(found: Medians) -> float:
        return max(numbers[name] for subject, numbers in found.items() if subject.endswith(place))

    return Target(scenario="scale", what=what, value=value, most=most)


def _uploads() -> Iterator[Target]:
    bounds = {"50k": (0.60, 2.0, 1.5), "500k": (0.75, 0.7, 1.5), "4m": (0.75, 0.75, 1.2)}
    for kind, (of_limit, of_plain, of_full) in bounds.items():
        scenario = f"upload-{kind}"
        yield _against(scenario, "pillow", of_limit)
        yield _against(scenario, "flask", of_plain)
        yield _against(scenario, "flask-full", of_full)
        yield _against(scenario, "fastapi-full", of_full)
        yield _spread(scenario, 10)


TARGETS: Final[Sequence[Target]] = (
    _against("list-unchanged", "flask", 40),
    _against("list-unchanged", "nginx-return", 0.40),
    _most("list-unchanged", "p99_ms", "p99, ms", 15),
    _against("list-missing", "flask", 8),
    _most("list-missing", "p99_ms", "p99, ms", 15),
    _worst("first", "large_to_small", "first page, worst of all orders, times that of 1,000 pictures", 1.3),
    _worst("last", "large_to_small", "last page, worst of all orders, times that of 1,000 pictures", 1.3),
    _worst("middle", "large_ms", "page in the middle, worst of all orders, ms", 40),
    Target(
        scenario="freshness",
        what="right lists of those asked for",
        value=lambda found: found[OURS]["right"] / found[OURS]["asked"],
        least=1,
    ),
    *_uploads(),
    _against("get", "nginx-static", 0.95),
    _against("mixed", "flask", 5),
    _against("delete", "flask", 3),
    _most("memory", "idle_mib", "idle, MiB", 150),
    _most("memory", "peak_mib", "at the peak, MiB", 300),
    _most("embedded", "ready_s", "ready, seconds", 1),
    _most("embedded", "idle_mib", "memory, MiB", 60),
)


def verdicts(cells: Sequence[Cell]) -> list[Verdict]:
    """Every target of the scenarios that were measured. An error is not a result."""
    found: dict[str, dict[str, Mapping[str, float]]] = {}
    for cell in cells:
        found.setdefault(cell.scenario, {})
        if not cell.errors:
            found[cell.scenario][cell.subject] = cell.medians
    return [_verdict(target, found[target.scenario]) for target in TARGETS if target.scenario in found]


def _verdict(target: Target, found: Medians) -> Verdict:
    value: float | None
    try:
        value = target.value(found)
    except (KeyError, ValueError, ZeroDivisionError):
        value = None
    met = value is not None and target.met_by(value)
    return Verdict(scenario=target.scenario, what=target.what, bound=target.bound, value=value, met=met)
