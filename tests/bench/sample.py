"""What a measurement gives, and the median of several."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace


class Failed(Exception):
    """A measurement that came to no result. One sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One measurement: numbers by name, in the unit the name ends in (`rps` is requests a second).

    `errors` is empty, or says what went wrong: then the numbers are no result.
    """

    values: Mapping[str, float]
    requests: int = 0
    errors: str = ""

    def adding(self, **values: float) -> Sample:
        """The same with more numbers."""
        return replace(self, values={**self.values, **values})


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """All samples of one subject in one scenario."""

    scenario: str
    subject: str
    samples: Sequence[Sample]

    @property
    def errors(self) -> str:
        """What went wrong in any round; empty if nothing did."""
        return "; ".join(" ".join(sample.errors.split()) for sample in self.samples if sample.errors)

    @property
    def medians(self) -> Mapping[str, float]:
        """The median of each number over the rounds."""
        names = self.samples[0].values if self.samples else {}
        return {
            name: statistics.median(sample.values[name] for sample in self.samples if name in sample.values)
            for name in names
        }
