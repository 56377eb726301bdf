"""Colours: every profile's in sRGB, and the dominant one."""

from __future__ import annotations

import logging
import sys
from collections import Counter
from functools import lru_cache
from io import BytesIO
from itertools import compress
from typing import Final

from PIL import Image, ImageCms

log = logging.getLogger(__name__)

MAX_PROFILE: Final = 2 * 1024**2  # bytes; CMYK tables take 0.5 MiB, more is not a profile
KEPT_TRANSFORMS: Final = 8  # a camera's profile comes again and again, building one takes milliseconds

SAMPLE: Final = 16  # pixels a side: enough to find the dominant colour
BUCKET_BITS: Final = 6  # samples that differ above these bits count apart: 64 colours; more would split a sky
OPAQUE: Final = 128  # alpha from which on a pixel counts
TRANSPARENT: Final = "#ffffff"  # where nothing counts, the page shows
_BUCKETS: Final = bytes(value >> BUCKET_BITS << BUCKET_BITS for value in range(256))
_OPAQUE_OR_NOT: Final = [255 if alpha >= OPAQUE else 0 for alpha in range(256)]
_ALPHA: Final = int.from_bytes(b"\0\0\0\xff", sys.byteorder)  # in a pixel that is read as one word


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
    sample = image.resize((SAMPLE, SAMPLE), Image.Resampling.NEAREST)
    if sample.mode == "RGBA":
        sample.putalpha(sample.getchannel("A").point(_OPAQUE_OR_NOT))
    pixels = sample.convert("RGBA").tobytes()
    # Counted as words, by C: Pillow's quantizers set up trees, and Python takes 0.1 ms for the channels of each.
    words = memoryview(pixels.translate(_BUCKETS)).cast("I")
    tally = {word: count for word, count in Counter(words).items() if word & _ALPHA}
    if not tally:
        return TRANSPARENT
    bucket = max(tally, key=tally.__getitem__)
    chosen = [word == bucket for word in words]
    return "#" + "".join(f"{sum(compress(pixels[channel::4], chosen)) // tally[bucket]:02x}" for channel in range(3))
