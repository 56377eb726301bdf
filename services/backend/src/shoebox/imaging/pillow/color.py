"""Colours: the dominant one, and every profile's colours in sRGB."""

from __future__ import annotations

from typing import Final

from PIL import Image

PALETTE: Final = 8  # buckets; fewer merge a picture's colours, more split a sky
SAMPLE: Final = 40  # pixels a side that are enough to find the dominant colour
MIN_ALPHA: Final = 128  # pixels more transparent than this do not count


def dominant_color(image: Image.Image) -> str:
    """The colour most of a (small) picture has, as `#rrggbb`; transparent pixels do not count."""
    sample = image.reduce(max(1, max(image.size) // SAMPLE))
    counts = sample.convert("RGB").quantize(PALETTE, Image.Quantize.FASTOCTREE)
    alpha = sample.getchannel("A") if sample.mode == "RGBA" else None
    mask = alpha.point(lambda value: 255 if value >= MIN_ALPHA else 0) if alpha else None
    histogram = counts.histogram(mask)
    if not any(histogram):
        return "#ffffff"  # all transparent: what shows is the page
    index = histogram.index(max(histogram))
    palette = counts.getpalette() or []
    red, green, blue = palette[index * 3 : index * 3 + 3]
    return f"#{red:02x}{green:02x}{blue:02x}"
