"""Colours: every profile's in sRGB, and the dominant one."""

from __future__ import annotations

import logging
from functools import lru_cache
from io import BytesIO
from typing import Final

from PIL import Image, ImageCms

log = logging.getLogger(__name__)

MAX_PROFILE: Final = 2 * 1024**2  # bytes; CMYK tables take 0.5 MiB, more is not a profile
KEPT_TRANSFORMS: Final = 8  # a camera's profile comes again and again, building one takes milliseconds

SAMPLE: Final = 16  # pixels a side: enough to find the dominant colour
OPAQUE: Final = 128  # alpha from which on a pixel counts
TRANSPARENT: Final = "#ffffff"  # where nothing counts, the page shows

# Samples that differ in the two highest bits of a channel count apart: 64 colours; more would split a sky.
# Each channel has its own place in the number of a colour; a low alpha makes it none of the 64.
_COLORS: Final = 64
_NUMBERS: Final = (
    *(bytes((value >> 6) << shift for value in range(256)) for shift in (4, 2, 0)),
    bytes(0 if alpha >= OPAQUE else _COLORS for alpha in range(256)),
)
_NO_COLORS: Final = bytes(range(_COLORS, 256))
_CHOSEN: Final = tuple(bytes(number) + b"\xff" + bytes(255 - number) for number in range(_COLORS))
_EVEN: Final = int.from_bytes(b"\x00\xff" * (SAMPLE * SAMPLE // 2), "big")


def to_srgb(image: Image.Image, profile: object) -> Image.Image:
    """A (small) picture as RGB or RGBA in sRGB. A profile that is broken or does not fit the
    picture is ignored, as browsers do."""
    alpha = image.getchannel("A") if image.mode in {"LA", "RGBA"} else None
    plain = _without_alpha(image)
    converted = _transformed(plain, profile) if isinstance(profile, bytes) and len(profile) <= MAX_PROFILE else None
    if converted is None:
        converted = _lab().apply(plain) if plain.mode == "LAB" else _as_rgb(plain)
    if alpha is not None:
        converted.putalpha(alpha)
    return converted


def _as_rgb(image: Image.Image) -> Image.Image:
    return image if image.mode == "RGB" else image.convert("RGB")  # which would copy it


def _without_alpha(image: Image.Image) -> Image.Image:
    plain = {"LA": "L", "RGBA": "RGB", "RGBX": "RGB", "YCbCr": "RGB"}.get(image.mode)
    return image.convert(plain) if plain else image


def _transformed(image: Image.Image, profile: bytes) -> Image.Image | None:
    try:
        transform = _transform(profile, image.mode)
        return transform.apply(image) if transform else None
    except (ImageCms.PyCMSError, OSError, ValueError) as error:
        log.info("colour profile ignored", extra={"error": type(error).__name__})
        return None


@lru_cache(maxsize=KEPT_TRANSFORMS)
def _transform(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    """None where there is nothing to do: most profiles in the wild are sRGB itself."""
    source = ImageCms.ImageCmsProfile(BytesIO(profile))
    if mode == "RGB" and "sRGB" in ImageCms.getProfileDescription(source):
        return None
    return ImageCms.buildTransform(source, ImageCms.createProfile("sRGB"), mode, "RGB")


@lru_cache(maxsize=1)
def _lab() -> ImageCms.ImageCmsTransform:
    return ImageCms.buildTransform(ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB"), "LAB", "RGB")


def dominant_color(image: Image.Image) -> str:
    """The colour most of a (small) RGB or RGBA picture has, as `#rrggbb`; transparent pixels do not count."""
    pixels = image.resize((SAMPLE, SAMPLE), Image.Resampling.NEAREST).tobytes()
    channels = [pixels[channel :: len(image.mode)] for channel in range(len(image.mode))]
    # Whole channels at a time, by C: Pillow's quantizers set up trees, and Python takes 0.1 ms for single pixels.
    joined = 0
    for channel, table in zip(channels, _NUMBERS, strict=False):
        joined |= int.from_bytes(channel.translate(table), "big")
    numbers = joined.to_bytes(SAMPLE * SAMPLE, "big")
    dominant = _most_frequent(numbers)
    if dominant is None:
        return TRANSPARENT
    number, count = dominant
    chosen = int.from_bytes(numbers.translate(_CHOSEN[number]), "big")
    sums = (_sum(int.from_bytes(channel, "big") & chosen) for channel in channels[:3])
    return "#" + "".join([f"{total // count:02x}" for total in sums])


def _most_frequent(numbers: bytes) -> tuple[int, int] | None:
    """The number of a colour, the first of those that come most often, and how often; None if there is none."""
    left = numbers.translate(None, _NO_COLORS)
    dominant, most = None, 0
    while len(left) > most:  # or no other can come more often
        number, others = left[0], left.replace(left[:1], b"")
        if len(left) - len(others) > most:
            dominant, most = number, len(left) - len(others)
        left = others
    return None if dominant is None else (dominant, most)


def _sum(number: int) -> int:
    """The sum of a sample's bytes."""
    # Added in pairs they are digits of 16 bits, and a number's remainder by the highest digit is their sum.
    return ((number & _EVEN) + (number >> 8 & _EVEN)) % 0xFFFF
