"""Samples of every width become 8 bits without losing black and white."""

from __future__ import annotations

import math

import pytest
from PIL import Image

from shoebox.imaging.pillow.depth import Depth


def eight_bits(mode: str, samples: list[float]) -> list[int]:
    picture = Image.new(mode, (len(samples), 1))
    for place, sample in enumerate(samples):
        picture.putpixel((place, 0), sample)
    return list(Depth.of(picture).to_eight_bits(picture).tobytes())


@pytest.mark.parametrize(
    ("mode", "samples", "wanted"),
    [
        ("I;16", [0, 32896, 65535], [0, 128, 255]),
        ("I", [0, 128, 255], [0, 128, 255]),
        ("I", [0, 32896, 65535], [0, 128, 255]),
        ("I", [0, 100_000, 200_000], [0, 127, 255]),
        ("I", [-100, 0, 100], [0, 127, 255]),
        ("F", [0.0, 0.5, 1.0], [0, 127, 255]),
        ("F", [0.0, 128.0, 255.0], [0, 128, 255]),
        ("F", [-2.0, 0.0, 2.0], [0, 127, 255]),
        ("F", [7.5, 7.5, 7.5], [7, 7, 7]),
    ],
)
def test_samples_are_scaled_by_their_range(mode: str, samples: list[float], wanted: list[int]) -> None:
    assert all(abs(got - want) <= 1 for got, want in zip(eight_bits(mode, samples), wanted, strict=True))


@pytest.mark.parametrize("odd", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_hides_nothing_else(odd: float) -> None:
    assert eight_bits("F", [0.0, odd, 1.0])[::2] == [0, 255]


def test_eight_bits_stay_as_they_are() -> None:
    picture = Image.new("RGB", (2, 2), (1, 2, 3))
    assert Depth.of(picture).to_eight_bits(picture) is picture
