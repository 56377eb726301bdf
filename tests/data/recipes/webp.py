"""WebP: lossy, lossless, extended, animated."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from functools import cache

from PIL import Image

from tests.data.case import Case, invalid, stored
from tests.data.chart import SIZE, animated, chart, cut, exif, saved, turned


@cache
def _plain() -> bytes:
    return saved(chart(), "WEBP")


@cache
def _textured(**options: bool) -> bytes:
    noise = Image.effect_noise((120, 120), 60)
    return saved(Image.merge("RGB", (noise, noise, noise)), "WEBP", **options)


@cache
def _moving() -> bytes:
    return animated("WEBP", 5, duration=40)


def chunk(kind: bytes, body: bytes) -> bytes:
    """A RIFF chunk, padded to an even size (RFC 9649, 2.3)."""
    return kind + struct.pack("<I", len(body)) + body + bytes(len(body) % 2)


def riff(*chunks: bytes) -> bytes:
    """A WebP file of these chunks."""
    body = b"WEBP" + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _canvas(size: tuple[int, int], flags: int = 0) -> bytes:
    sides = b"".join(struct.pack("<I", side - 1)[:3] for side in size)
    return chunk(b"VP8X", bytes((flags, 0, 0, 0)) + sides)


def _frame(bits: bytes) -> bytes:
    """An animation frame of the chart's size at the origin (RFC 9649, 2.7.1.1)."""
    sides = b"".join(struct.pack("<I", side - 1)[:3] for side in SIZE)
    return chunk(b"ANMF", bytes(6) + sides + b"\x64\x00\x00\x00" + bits)


def _animation(size: tuple[int, int], count: int) -> bytes:
    return riff(_canvas(size, 0x02), chunk(b"ANIM", bytes(6)), _frame(_plain()[12:]) * count)


def _pictures() -> Iterator[Case]:
    yield stored("lossy.webp", _plain, SIZE, "webp")
    yield stored("lossless.webp", lambda: saved(chart(), "WEBP", lossless=True), SIZE, "webp")
    yield stored("lossy-alpha.webp", lambda: saved(chart("RGBA"), "WEBP"), SIZE, "webp")
    yield stored("lossless-alpha.webp", lambda: saved(chart("RGBA"), "WEBP", lossless=True), SIZE, "webp")
    yield stored("gray.webp", lambda: saved(chart("L"), "WEBP"), SIZE, "webp", "gray")
    for orientation in (3, 6, 8):
        yield stored(
            f"orientation-{orientation}.webp",
            lambda turn=orientation: saved(turned(turn), "WEBP", exif=exif(turn)),
            SIZE,
            "webp",
        )
    yield stored("metadata.webp", lambda: saved(chart(), "WEBP", exif=exif(), xmp=b"<x>48.858N</x>"), SIZE, "webp")
    yield stored("animated.webp", _moving, SIZE, "webp")
    yield stored("animated-alpha.webp", _moving_alpha, SIZE, "webp")
    yield stored("one-pixel.webp", lambda: saved(chart(size=(1, 1)), "WEBP"), (1, 1), "webp", "")
    yield stored("tall.webp", lambda: saved(chart(size=(8, 16383)), "WEBP", method=0), (8, 16383), "webp", "")
    yield stored("trailing-bytes.webp", lambda: _plain() + b"PK\x03\x04 secret", SIZE, "webp")
    yield stored("named-as.gif", _plain, SIZE, "webp")


def _damaged() -> Iterator[Case]:
    for percent in (1, 10, 50, 90):
        yield invalid(f"cut-at-{percent}-percent.webp", lambda share=percent / 100: cut(_textured(), share))
        yield invalid(
            f"lossless-cut-at-{percent}-percent.webp",
            lambda share=percent / 100: cut(_textured(lossless=True), share),
        )
    yield invalid("cut-and-sized.webp", lambda: _sized(cut(_textured(), 0.6)))
    yield invalid("lossless-cut-and-sized.webp", lambda: _sized(cut(_textured(lossless=True), 0.6)))
    yield invalid("animated-cut.webp", lambda: cut(_moving(), 0.8))
    yield invalid("no-chunk.webp", riff)
    yield invalid("unknown-first-chunk.webp", lambda: riff(chunk(b"JUNK", b"secret")))
    yield invalid("garbage-data.webp", lambda: riff(chunk(b"VP8 ", b"garbage" * 10)))
    yield invalid("canvas-larger-than-picture.webp", lambda: riff(_canvas((500, 500)), _plain()[12:]))
    yield invalid("frame-outside-canvas.webp", lambda: _animation((20, 20), 2))


def _bombs() -> Iterator[Case]:
    yield invalid("claims-16384-squared.webp", lambda: _animation((16384, 16384), 1))
    yield invalid("claims-14685-by-15388.webp", lambda: riff(_canvas((14685, 15388)), _plain()[12:]))
    yield invalid("claims-2-to-the-24.webp", lambda: _animation((2**24, 2**24), 1))
    yield invalid("sixty-large-frames.webp", lambda: _animation((5000, 5000), 60))
    yield invalid("a-thousand-and-one-frames.webp", lambda: _animation(SIZE, 1001))


def cases() -> Iterator[Case]:
    """All of them."""
    yield from _pictures()
    yield from _damaged()
    yield from _bombs()


def _moving_alpha() -> bytes:
    frames = [chart("RGBA") for _ in range(3)]
    return saved(frames[0], "WEBP", save_all=True, append_images=frames[1:], duration=40)


def _sized(data: bytes) -> bytes:
    """A cut file whose sizes say that nothing is missing."""
    data = data[: len(data) & ~1]
    return data[:4] + struct.pack("<I", len(data) - 8) + data[8:16] + struct.pack("<I", len(data) - 20) + data[20:]
