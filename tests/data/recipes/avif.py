"""AVIF: pictures, turns, sequences."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from functools import cache

from PIL import Image

from tests.data.case import Case, invalid, stored, unsupported
from tests.data.chart import SIZE, animated, chart, cut, exif, saved, turned

_FAST = 10  # the encoder's quickest setting


@cache
def _plain() -> bytes:
    return saved(chart(), "AVIF", speed=_FAST)


@cache
def _textured() -> bytes:
    noise = Image.effect_noise((120, 120), 60)
    return saved(Image.merge("RGB", (noise, noise, noise)), "AVIF", speed=_FAST)


@cache
def _moving() -> bytes:
    return animated("AVIF", 4, duration=40, speed=_FAST)


def _claiming(width: int, height: int) -> bytes:
    """The chart with another size in its `ispe` property (ISO/IEC 23008-12, 6.5.3)."""
    data = bytearray(_plain())
    start = data.index(b"ispe") + 8
    data[start : start + 8] = struct.pack(">II", width, height)
    return bytes(data)


def cases() -> Iterator[Case]:
    """All of them."""
    yield stored("rgb.avif", _plain, SIZE, "avif")
    yield stored("rgba.avif", lambda: saved(chart("RGBA"), "AVIF", speed=_FAST), SIZE, "avif")
    yield stored("gray.avif", lambda: saved(chart("L"), "AVIF", speed=_FAST), SIZE, "avif", "gray")
    yield stored("subsampled-444.avif", lambda: saved(chart(), "AVIF", subsampling="4:4:4", speed=_FAST), SIZE, "avif")
    for orientation in range(2, 9):
        yield stored(
            f"orientation-{orientation}.avif",
            lambda turn=orientation: saved(turned(turn), "AVIF", exif=exif(turn), speed=_FAST),
            SIZE,
            "avif",
        )
    yield stored(
        "metadata.avif", lambda: saved(chart(), "AVIF", exif=exif(), xmp=b"<x>48N</x>", speed=_FAST), SIZE, "avif"
    )
    yield stored("animated.avif", _moving, SIZE, "avif")
    yield stored("one-pixel.avif", lambda: saved(chart(size=(1, 1)), "AVIF", speed=_FAST), (1, 1), "avif", "")
    yield stored("named-as.jpeg", _plain, SIZE, "avif")
    for percent in (10, 50, 90):
        yield invalid(f"cut-at-{percent}-percent.avif", lambda share=percent / 100: cut(_textured(), share))
    yield invalid("animated-cut.avif", lambda: cut(_moving(), 0.8))
    yield invalid("garbage-data.avif", lambda: _plain()[:-60] + b"\x5a" * 60)
    yield invalid("no-meta.avif", lambda: _plain()[:32])
    yield invalid("claims-65535-squared.avif", lambda: _claiming(65535, 65535))
    yield invalid("claims-2-to-the-32.avif", lambda: _claiming(2**32 - 1, 2**32 - 1))
    yield stored("claims-half.avif", lambda: _claiming(60, 40), (60, 40), "avif")  # scaled, as browsers do
    yield unsupported("heic.avif", lambda: b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00heicmif1" + bytes(200))
    yield unsupported("video.avif", lambda: b"\x00\x00\x00\x18ftypisom\x00\x00\x00\x00isomavc1" + bytes(200))
