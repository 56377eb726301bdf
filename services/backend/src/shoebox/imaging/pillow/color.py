"""Colours: every profile's in sRGB, and the dominant one."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from functools import lru_cache
from io import BytesIO
from itertools import compress
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
    parts = (channel.translate(table) for channel, table in zip(channels, _NUMBERS, strict=False))
    numbers = _either(parts)
    seen = [number for number in dict.fromkeys(numbers) if number < _COLORS]
    if not seen:
        return TRANSPARENT
    dominant = max(seen, key=numbers.count)
    count = numbers.count(dominant)
    chosen = numbers.translate(bytes(dominant) + b"\x01" + bytes(255 - dominant))
    return "#" + "".join(f"{sum(compress(channel, chosen)) // count:02x}" for channel in channels[:3])


def _either(parts: Iterable[bytes]) -> bytes:
    """The bits of all parts, which are of the same length."""
    total = 0
    for part in parts:
        total |= int.from_bytes(part, "big")
    return total.to_bytes(SAMPLE * SAMPLE, "big")
