"""Thumbnails have the right size, and scaling in bands is seen nowhere."""

from __future__ import annotations

import pytest
from PIL import Image, ImageChops

from shoebox.imaging.pillow import shrink
from shoebox.imaging.pillow.shrink import thumbnail_size, upright


@pytest.mark.parametrize(
    ("picture", "width", "wanted"),
    [
        ((4000, 3000), 320, (320, 240)),
        ((320, 240), 320, (320, 240)),
        ((100, 50), 320, (100, 50)),
        ((1, 1), 160, (1, 1)),
        ((65500, 1), 320, (320, 1)),
        ((300, 40_000), 320, (123, 16383)),
        ((1, 65500), 320, (1, 16383)),
        ((3000, 16383), 1280, (1280, 6990)),
    ],
)
def test_a_thumbnail_fits(picture: tuple[int, int], width: int, wanted: tuple[int, int]) -> None:
    assert thumbnail_size(picture, width) == wanted


@pytest.mark.parametrize("mode", ["1", "P", "RGBA", "LA", "I;16"])
def test_bands_leave_no_seams(mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    slope = Image.linear_gradient("L").resize((700, 911))
    picture = (
        slope.convert("I").point(lambda value: value * 257).convert(mode) if mode == "I;16" else slope.convert(mode)
    )
    whole = upright(picture, (70, 91), 1)
    monkeypatch.setattr(shrink, "BAND_PIXELS", 5000)
    assert ImageChops.difference(upright(picture, (70, 91), 1), whole).getbbox() is None


def test_a_raster_is_not_changed_by_scaling_it() -> None:
    picture = Image.new("RGB", (50, 50), (9, 8, 7))
    upright(picture, (10, 10), 6)
    assert (picture.size, picture.getpixel((0, 0))) == ((50, 50), (9, 8, 7))


def test_fine_detail_is_averaged_not_skipped() -> None:
    stripes = Image.new("RGB", (1000, 1000))
    for column in range(0, 1000, 2):
        stripes.paste((255, 255, 255), (column, 0, column + 1, 1000))
    middle = upright(stripes, (100, 100), 1).getpixel((50, 50))
    assert all(110 < value < 145 for value in middle)
