"""Colours: every profile's in sRGB, and the dominant one."""

from __future__ import annotations

import logging
from collections import defaultdict
from functools import lru_cache
from io import BytesIO
from typing import Final

from PIL import Image, ImageCms

log = logging.getLogger(__name__)

MAX_PROFILE: Final = 2 * 1024**2  # bytes; CMYK tables take 0.5 MiB, more is not a profile
KEPT_TRANSFORMS: Final = 8  # a camera's profile comes again and again, building one takes milliseconds

SAMPLE: Final = 16  # pixels a side: enough to find the dominant colour
BUCKET_BITS: Final = 6  # samples that differ above these bits count apart: 64 colours; more would split a sky
OPAQUE: Final = 128  # alpha from which on a pixel counts
TRANSPARENT: Final = "#ffffff"  # where nothing counts, the page shows


def to_srgb(image: Image.Image, profile: object) -> Image.Image:
    """A (small) picture as RGB or RGBA in sRGB. A profile that is broken or does not fit the
    picture is ignored, as browsers do."""
    alpha = image.getchannel("A") if image.mode in {"LA", "RGBA"} else None
    plain = _without_alpha(image)
    converted = _transformed(plain, profile) if isinstance(profile, bytes) and len(profile) <= MAX_PROFILE else None
    if converted is None:
        converted = _lab().apply(plain) if plain.mode == "LAB" else plain.convert("RGB")
    if alpha is not None:
        converted.putalpha(alpha)
    return converted


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
    # By hand: Pillow's quantizers set up trees that cost more than counting 256 pixels.
    pixels = image.resize((SAMPLE, SAMPLE), Image.Resampling.NEAREST).convert("RGBA").tobytes()
    buckets: defaultdict[tuple[int, int, int], list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for red, green, blue, alpha in zip(pixels[::4], pixels[1::4], pixels[2::4], pixels[3::4], strict=True):
        if alpha >= OPAQUE:
            bucket = buckets[red >> BUCKET_BITS, green >> BUCKET_BITS, blue >> BUCKET_BITS]
            bucket[0] += 1
            bucket[1] += red
            bucket[2] += green
            bucket[3] += blue
    if not buckets:
        return TRANSPARENT
    count, *sums = max(buckets.values())
    return "#" + "".join(f"{total // count:02x}" for total in sums)
