"""From a decoded raster of any mode to a small, upright RGB or RGBA picture."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

from PIL import Image

from shoebox.imaging.pillow.color import to_srgb
from shoebox.imaging.pillow.depth import Depth

MAX_WEBP_SIDE: Final = 16383  # pixels, RFC 9649, 2.5.1
REDUCING_GAP: Final = 2  # box averaging stops this far above the goal; from there a filter is cheap
BAND_PIXELS: Final = 1024 * 1024  # converted at a time: a whole raster would be held twice

_UPRIGHT: Final[Mapping[int, Image.Transpose]] = MappingProxyType(
    {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_270,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_90,
    }
)


def thumbnail_size(displayed: tuple[int, int], width: int) -> tuple[int, int]:
    """The largest size no wider than `width`, no larger than the picture, that WebP can hold."""
    full_width, full_height = displayed
    small_width = min(width, full_width)
    small_height = max(1, round(full_height * small_width / full_width))
    if small_height > MAX_WEBP_SIDE:
        return max(1, round(full_width * MAX_WEBP_SIDE / full_height)), MAX_WEBP_SIDE
    return small_width, small_height


def upright(image: Image.Image, size: tuple[int, int], orientation: int) -> Image.Image:
    """The loaded raster scaled to `size` (as stored, before turning) and turned as EXIF
    `orientation` asks; RGB or RGBA, in sRGB. The raster itself is left as it is."""
    small = to_srgb(_scaled(image, size), image.info.get("icc_profile"))
    turn = _UPRIGHT.get(orientation)
    return small if turn is None else small.transpose(turn)


def _scaled(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    across = max(1, image.width // (size[0] * REDUCING_GAP))
    down = max(1, image.height // (size[1] * REDUCING_GAP))
    reduced = _reduced(image, across, down)
    return reduced.resize(size, Image.Resampling.BILINEAR, (0, 0, image.width / across, image.height / down))


def _reduced(image: Image.Image, across: int, down: int) -> Image.Image:
    """The raster averaged over boxes of `across` x `down` pixels, in a mode that can be scaled."""
    depth = Depth.of(image)
    if _is_scalable(image):
        return image if across == down == 1 else image.reduce((across, down))  # by 1 it would only copy
    rows = max(1, BAND_PIXELS // (image.width * down)) * down
    if image.height <= rows:
        return _scalable(image, depth).reduce((across, down))
    bands = (
        _scalable(image.crop((0, top, image.width, min(top + rows, image.height))), depth).reduce((across, down))
        for top in range(0, image.height, rows)
    )
    return _stacked(bands, -(-image.height // down))


def _stacked(bands: Iterator[Image.Image], height: int) -> Image.Image:
    first = next(bands)
    whole = Image.new(first.mode, (first.width, height))
    whole.paste(first, (0, 0))
    top = first.height
    for band in bands:
        whole.paste(band, (0, top))
        top += band.height
    return whole


def _is_scalable(image: Image.Image) -> bool:
    return image.mode in {"L", "RGB", "RGBX", "CMYK", "YCbCr", "LAB"} and not image.has_transparency_data


def _scalable(image: Image.Image, depth: Depth) -> Image.Image:
    """Palette indices and bits cannot be averaged, more than 8 bits cannot be shown."""
    image = depth.to_eight_bits(image)
    if image.has_transparency_data:
        return image if image.mode in {"LA", "RGBA"} else image.convert("RGBA")
    if image.mode == "1":
        return image.convert("L")
    if image.mode in {"P", "PA"}:
        return image.convert("RGB")
    return image
