"""GIF: palettes, frames that do not fit, animations."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from functools import cache

from PIL import Image

from tests.data.case import Case, invalid, stored
from tests.data.chart import SIZE, animated, chart, cut, saved

_TRAILER = b";"


@cache
def _plain() -> bytes:
    return saved(chart("P"), "GIF")


@cache
def _moving() -> bytes:
    return animated("GIF", 5)


def _screen(size: tuple[int, int]) -> bytes:
    """Header, screen and a palette of two colours (GIF89a, 17 to 19)."""
    return b"GIF89a" + struct.pack("<HHBBB", *size, 0x80, 0, 0) + bytes(3) + b"\xff\xff\xff"


def _frame(left: int, top: int, size: tuple[int, int], data: bytes) -> bytes:
    """An image of one bit, `data` already compressed (GIF89a, 20 and 22)."""
    return b"," + struct.pack("<HHHHB", left, top, *size, 0) + b"\x02" + _blocks(data)


def _blocks(data: bytes) -> bytes:
    parts = (data[start : start + 255] for start in range(0, len(data), 255))
    return b"".join(bytes((len(part),)) + part for part in parts) + b"\x00"


def _lzw(count: int) -> bytes:
    """`count` black pixels, uncompressed in LZW's clothes: a clear code every other pixel."""
    bits = "".join("100" + "000" for _ in range(count)) + "101"
    codes = [bits[start : start + 3] for start in range(0, len(bits), 3)]
    stream = "".join(code[::-1] for code in codes)
    stream += "0" * (-len(stream) % 8)
    return bytes(int(stream[start : start + 8][::-1], 2) for start in range(0, len(stream), 8))


def _frames(count: int) -> bytes:
    return _screen((1, 1)) + _frame(0, 0, (1, 1), _lzw(1)) * count + _TRAILER


def _pictures() -> Iterator[Case]:
    yield stored("plain.gif", _plain, SIZE, "gif")
    yield stored("gray.gif", lambda: saved(chart("L"), "GIF"), SIZE, "gif", "gray")
    yield stored("gif87a.gif", lambda: b"GIF87a" + _plain()[6:], SIZE, "gif")
    yield stored("transparent.gif", lambda: saved(chart("P"), "GIF", transparency=15), SIZE, "gif")
    yield stored("interlaced.gif", lambda: saved(chart("P"), "GIF", interlace=True), SIZE, "gif")
    yield stored("animated.gif", _moving, SIZE, "gif")
    yield stored("animated-looping.gif", lambda: animated("GIF", 3, loop=0, duration=50), SIZE, "gif")
    yield stored("animated-restoring.gif", lambda: animated("GIF", 4, disposal=3), SIZE, "gif")
    yield stored("animated-clearing.gif", lambda: animated("GIF", 4, disposal=2, transparency=0), SIZE, "gif", "")
    yield stored("one-pixel.gif", lambda: _frames(1), (1, 1), "gif", "")
    yield stored("a-thousand-frames.gif", lambda: _frames(1000), (1, 1), "gif", "")
    yield stored("small-frame-on-large-screen.gif", _inset, (40, 30), "gif", "")
    yield stored("screen-without-size.gif", _unsized, (1, 1), "gif", "")
    yield stored("comment.gif", lambda: saved(chart("P"), "GIF", comment=b"48.858N 2.294E"), SIZE, "gif")
    yield stored("trailing-bytes.gif", lambda: _plain() + b"PK\x03\x04 secret", SIZE, "gif")
    yield stored("named-as.webp", _plain, SIZE, "gif")


def _damaged() -> Iterator[Case]:
    for percent in (1, 10, 50, 90):
        yield invalid(f"cut-at-{percent}-percent.gif", lambda share=percent / 100: cut(_textured(), share))
    yield invalid("animated-cut.gif", lambda: cut(_moving(), 0.8))
    yield invalid("signature-only.gif", lambda: b"GIF89a")
    yield invalid("no-frame.gif", lambda: _screen((10, 10)) + _TRAILER)
    yield invalid("frame-without-size.gif", lambda: _screen((10, 10)) + _frame(0, 0, (0, 0), _lzw(1)) + _TRAILER)
    yield invalid("one-pixel-missing.gif", lambda: _screen((10, 10)) + _frame(0, 0, (10, 10), _lzw(99)) + _TRAILER)
    yield invalid("too-few-pixels.gif", lambda: _screen((10, 10)) + _frame(0, 0, (10, 10), _lzw(30)) + _TRAILER)
    yield invalid("garbage-data.gif", lambda: _screen((9, 9)) + _frame(0, 0, (9, 9), b"\xff" * 40) + _TRAILER)


def _bombs() -> Iterator[Case]:
    yield invalid("claims-65535-squared.gif", lambda: _screen((65535, 65535)) + _frames(1)[19:])
    yield invalid("frame-claims-65535-squared.gif", lambda: _screen((1, 1)) + _wide_frame())
    yield invalid("a-thousand-and-one-frames.gif", lambda: _frames(1001))
    yield invalid("sixty-large-frames.gif", _many_frames)


def cases() -> Iterator[Case]:
    """All of them."""
    yield from _pictures()
    yield from _damaged()
    yield from _bombs()


def _inset() -> bytes:
    return _screen((40, 30)) + _frame(10, 5, (3, 2), _lzw(6)) + _TRAILER


def _unsized() -> bytes:
    """Browsers take the first frame's size for a screen that has none."""
    return _screen((0, 0)) + _frame(0, 0, (1, 1), _lzw(1)) + _TRAILER


def _wide_frame() -> bytes:
    return _frame(0, 0, (65535, 65535), _lzw(100)) + _TRAILER


@cache
def _textured() -> bytes:
    return saved(Image.effect_noise((90, 90), 60), "GIF")


def _many_frames() -> bytes:
    """60 frames on a screen of 25 megapixels, each a single pixel: the work is in composing."""
    return _screen((5000, 5000)) + _frame(0, 0, (1, 1), _lzw(1)) * 60 + _TRAILER
