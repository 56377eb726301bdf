"""BMP: header versions, depths, row orders."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from functools import cache

from PIL import Image

from tests.data.case import Case, invalid, stored
from tests.data.chart import SIZE, chart, cut, saved

_RLE8, _BITFIELDS = 1, 3


@cache
def _plain() -> bytes:
    return saved(chart(), "BMP")


def bmp(
    size: tuple[int, int], depth: int, data: bytes, *, compression: int = 0, palette: bytes = b"", masks: bytes = b""
) -> bytes:
    """A file with a 40 byte header (MS BITMAPINFOHEADER)."""
    extra = masks + palette
    info = struct.pack("<IiiHHIIiiII", 40, *size, 1, depth, compression, len(data), 2835, 2835, len(palette) // 4, 0)
    offset = 14 + 40 + len(extra)
    return b"BM" + struct.pack("<IHHI", offset + len(data), 0, 0, offset) + info + extra + data


def _top_down() -> bytes:
    raw = chart().tobytes("raw", "BGR")
    return bmp((SIZE[0], -SIZE[1]), 24, raw)


def _high_color() -> bytes:
    """16 bits a pixel: 5 of red, 6 of green, 5 of blue."""
    upside_down = chart().transpose(Image.Transpose.FLIP_TOP_BOTTOM).tobytes()
    pixels = zip(upside_down[::3], upside_down[1::3], upside_down[2::3], strict=True)
    data = b"".join(struct.pack("<H", red >> 3 << 11 | green >> 2 << 5 | blue >> 3) for red, green, blue in pixels)
    return bmp(SIZE, 16, data, compression=_BITFIELDS, masks=struct.pack("<III", 0xF800, 0x07E0, 0x001F))


def _run_length() -> bytes:
    """RLE8: two runs a row, bottom row first."""
    palette = bytes((30, 30, 200, 0, 40, 160, 30, 0, 200, 40, 30, 0, 40, 220, 230, 0))
    lower, upper = b"\x3c\x02\x3c\x03\x00\x00", b"\x3c\x00\x3c\x01\x00\x00"
    return bmp(SIZE, 8, lower * 40 + upper * 40 + b"\x00\x01", compression=_RLE8, palette=palette)


def _os2() -> bytes:
    """The 12 byte header of OS/2 1.x."""
    raw = chart().transpose(Image.Transpose.FLIP_TOP_BOTTOM).tobytes("raw", "BGR")
    return b"BM" + struct.pack("<IHHI", 26 + len(raw), 0, 0, 26) + struct.pack("<IHHHH", 12, *SIZE, 1, 24) + raw


def _patched(offset: int, value: bytes) -> bytes:
    data = bytearray(_plain())
    data[offset : offset + len(value)] = value
    return bytes(data)


def cases() -> Iterator[Case]:
    """All of them."""
    yield stored("rgb.bmp", _plain, SIZE, "bmp")
    yield stored("rgba.bmp", lambda: saved(chart("RGBA"), "BMP"), SIZE, "bmp", "")
    yield stored("gray.bmp", lambda: saved(chart("L"), "BMP"), SIZE, "bmp", "gray")
    yield stored("palette.bmp", lambda: saved(chart("P"), "BMP"), SIZE, "bmp")
    yield stored("one-bit.bmp", lambda: saved(chart("1"), "BMP"), SIZE, "bmp", "")
    yield stored("top-down.bmp", _top_down, SIZE, "bmp")
    yield stored("high-color.bmp", _high_color, SIZE, "bmp")
    yield stored("run-length.bmp", _run_length, SIZE, "bmp")
    yield stored("os2.bmp", _os2, SIZE, "bmp")
    yield stored("one-pixel.bmp", lambda: saved(chart(size=(1, 1)), "BMP"), (1, 1), "bmp", "")
    yield stored("named-as.tiff", _plain, SIZE, "bmp")
    for percent in (10, 50, 99):
        yield invalid(f"cut-at-{percent}-percent.bmp", lambda share=percent / 100: cut(_plain(), share))
    yield invalid("run-length-cut.bmp", lambda: cut(_run_length(), 0.6))
    yield invalid("no-width.bmp", lambda: _patched(18, struct.pack("<i", 0)))
    yield invalid("negative-width.bmp", lambda: _patched(18, struct.pack("<i", -120)))
    yield invalid("depth-of-17.bmp", lambda: _patched(28, b"\x11\x00"))
    yield invalid("claims-30000-squared.bmp", lambda: _patched(18, struct.pack("<ii", 30000, 30000)))
    yield invalid("claims-2-to-the-31.bmp", lambda: _patched(18, struct.pack("<ii", 2**31 - 1, 2**31 - 1)))
    yield invalid(
        "run-length-bomb.bmp",
        lambda: bmp((20000, 20000), 8, b"\x00\x01", compression=_RLE8, palette=bytes(8)),
    )
