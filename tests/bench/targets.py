"""What is aimed at, and whether it was reached. A target that is missed is said, and no error."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from tests.bench.sample import Cell
from tests.bench.table import number

OURS: Final = "shoebox"

Medians = Mapping[str, Mapping[str, float]]  # of a scenario: by subject, by the number's name


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """Somebody who does only a part of what has to be done: more than that is out of everybody's reach."""

    scenario: str
    subject: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One number of a scenario and its bound: the least it should be, or the most."""

    scenario: str
    what: str
    value: Callable[[Medians], float]  # raises `KeyError` where something it is made of was not measured
    least: float | None = None
    most: float | None = None
    other: str = ""  # whom `value` compares us with
    limit: Limit | None = None

    @property
    def bound(self) -> str:
        """As people write it."""
        return f"≥ {self.least:g}" if self.least is not None else f"≤ {self.most:g}"

    def met_by(self, value: float) -> bool:
        """Whether the number keeps the bound."""
        return (self.least is None or value >= self.least) and (self.most is None or value <= self.most)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What became of a target; `value` is None where it was not measured, or had an error.

    `remark` says of a target that was missed what alone does not reach it either.
    """

    scenario: str
    what: str
    bound: str
    value: float | None
    met: bool
    remark: str


def _against(scenario: str, other: str, least: float, *, limit: Limit | None = None) -> Target:
    def value(found: Medians) -> float:
        return found[OURS]["rps"] / found[other]["rps"]

    what = f"requests/s, times those of {other}"
    return Target(scenario=scenario, what=what, value=value, least=least, limit=limit, other=other)


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
        yield _against(scenario, "flask", of_plain, limit=Limit(scenario=scenario, subject="pillow"))
        yield _against(scenario, "flask-full", of_full)
        yield _against(scenario, "fastapi-full", of_full)
        yield _spread(scenario, 10)


TARGETS: Final[Sequence[Target]] = (
    _against("list-unchanged", "flask", 40, limit=Limit(scenario="list-unchanged", subject="nginx-return")),
    _against("list-unchanged", "nginx-return", 0.40),
    _most("list-unchanged", "p99_ms", "p99, ms", 15),
    _against("list-one-process", "nginx-return", 0.40),
    _against("list-missing", "flask", 8, limit=Limit(scenario="statements", subject="the page of a list")),
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
    _against("get", "nginx-static", 0.95, limit=Limit(scenario="get", subject="nginx-static-like-ours")),
    _against("mixed", "flask", 5),
    _against("delete", "flask", 3, limit=Limit(scenario="statements", subject="its deletion")),
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
    return [_verdict(target, found) for target in TARGETS if target.scenario in found]


def _verdict(target: Target, found: Mapping[str, Medians]) -> Verdict:
    value = _measured(lambda: target.value(found[target.scenario]))
    met = value is not None and target.met_by(value)
    remark = _remark(target, found) if value is not None and not met else ""
    return Verdict(scenario=target.scenario, what=target.what, bound=target.bound, value=value, met=met, remark=remark)


def _remark(target: Target, found: Mapping[str, Medians]) -> str:
    limit = target.limit
    if limit is None:
        return ""
    reach = _measured(lambda: found[limit.scenario][limit.subject]["rps"] / found[target.scenario][target.other]["rps"])
    return f"{limit.subject} alone: {number(reach)}" if reach is not None and not target.met_by(reach) else ""


def _measured(compute: Callable[[], float]) -> float | None:
    try:
        return compute()
    except (KeyError, ValueError, ZeroDivisionError):
        return None
