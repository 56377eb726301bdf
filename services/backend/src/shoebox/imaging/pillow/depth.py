"""Samples of more than 8 bits, scaled to what a screen shows."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from PIL import Image

# What a sample may mean: a share of 1, 8 bits, 16 bits. The smallest that holds the largest
# sample is taken; files do not say (TIFF 6.0 leaves it to the reader).
_CEILINGS: Final = (1.0, 255.0, 65535.0)


@dataclass(frozen=True, slots=True)
class Depth:
    """The range of a raster's samples: `low` becomes black, `low + span` white."""

    low: float = 0.0
    span: float = 255.0

    @classmethod
    def of(cls, image: Image.Image) -> Depth:
        """The range of a whole raster. Reads every sample in the modes I and F."""
        if image.mode.startswith("I;16"):
            return cls(0.0, 65535.0)
        if image.mode not in {"I", "F"}:
            return cls()
        low, high = _finite(image.getextrema())
        ceilings = _CEILINGS[1:] if image.mode == "I" else _CEILINGS
        if low >= 0 and high <= ceilings[-1]:
            return cls(0.0, next(ceiling for ceiling in ceilings if high <= ceiling))
        return cls(low, max(high - low, 1.0))

    def to_eight_bits(self, image: Image.Image) -> Image.Image:
        """A piece of that raster as L; modes of 8 bits come back unchanged."""
        if image.mode != "F" and not image.mode.startswith("I"):
            return image
        scale = 255.0 / self.span
        offset = -self.low * scale
        wide = image if image.mode in {"I", "F"} else image.convert("I")
        return wide.point(lambda sample: sample * scale + offset).convert("L")


def _finite(extrema: object) -> tuple[float, float]:
    match extrema:
        case (int() | float() as low, int() | float() as high) if math.isfinite(low) and math.isfinite(high):
            return float(low), float(high)
    return 0.0, 1.0  # infinities and NaN say nothing about the rest
