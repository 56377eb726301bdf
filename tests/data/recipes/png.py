"""PNG and APNG: every colour type and depth, and chunks that lie."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from functools import cache
from itertools import pairwise

from PIL import Image, ImageCms, PngImagePlugin

from tests.data.case import Case, invalid, stored
from tests.data.chart import SIZE, animated, chart, cut, exif, saved, turned

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))


def chunk(kind: bytes, body: bytes) -> bytes:
    """A chunk with its checksum (PNG 3rd edition, 5.3)."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def header(size: tuple[int, int], depth: int, color: int, interlace: int = 0) -> bytes:
    """An IHDR chunk."""
    return chunk(b"IHDR", struct.pack(">IIBBBBB", *size, depth, color, 0, 0, interlace))


def png(*chunks: bytes) -> bytes:
    """A file of these chunks and an IEND."""
    return _SIGNATURE + b"".join(chunks) + chunk(b"IEND", b"")


def _data(rows: bytes, stride: int) -> bytes:
    lines = b"".join(b"\x00" + rows[start : start + stride] for start in range(0, len(rows), stride))
    return chunk(b"IDAT", zlib.compress(lines))


def _sixteen(mode: str, color: int) -> bytes:
    """The chart with 16 bits a sample: each byte doubled."""
    raw = chart(mode).tobytes()
    wide = bytes(byte for sample in raw for byte in (sample, sample))
    return png(header(SIZE, 16, color), _data(wide, len(wide) // SIZE[1]))


def _packed(depth: int, color: int) -> bytes:
    """The chart with less than a byte a pixel: the corner's number, or its brightness."""
    levels = (0, 1, 2, 3) if color == 3 else (1, 2, 0, 3)
    corner = [Image.new("L", (1, 1), levels[i] * (1 if color == 3 else (2**depth - 1) // 3)) for i in range(4)]
    small = Image.new("L", (2, 2))
    for index, pixel in enumerate(corner):
        small.paste(pixel, (index % 2, index // 2))
    samples = small.resize(SIZE, Image.Resampling.NEAREST).tobytes()
    per_byte = 8 // depth
    packed = bytes(
        sum(sample << (8 - depth * (place + 1)) for place, sample in enumerate(samples[start : start + per_byte]))
        for start in range(0, len(samples), per_byte)
    )
    palette = chunk(b"PLTE", bytes((200, 30, 30, 30, 160, 40, 30, 40, 200, 230, 220, 40)))
    return png(header(SIZE, depth, color), palette if color == 3 else b"", _data(packed, SIZE[0] // per_byte))


def _interlaced() -> bytes:
    """Adam7 (PNG 3rd edition, 8.1)."""
    picture = chart()
    lines = b""
    for left, top, across, down in _ADAM7:
        for y in range(top, SIZE[1], down):
            lines += b"\x00" + b"".join(bytes(picture.getpixel((x, y))) for x in range(left, SIZE[0], across))
    return png(header(SIZE, 8, 2, 1), chunk(b"IDAT", zlib.compress(lines)))


@cache
def _plain() -> bytes:
    return saved(chart(), "PNG")


@cache
def _textured() -> bytes:
    noise = Image.effect_noise((90, 90), 60)
    return saved(Image.merge("RGB", (noise, noise, noise)), "PNG")


@cache
def _moving() -> bytes:
    return animated("PNG", 4)


def _after_header(*chunks: bytes) -> bytes:
    return _plain()[:33] + b"".join(chunks) + _plain()[33:]


def _flipped(kind: bytes, offset: int, data: bytes | None = None) -> bytes:
    """A bit of a chunk's body changed, its checksum not."""
    file = bytearray(data or _plain())
    file[file.index(kind) + 4 + offset] ^= 1
    return bytes(file)


def _split() -> bytes:
    """The data in many IDAT chunks, empty ones among them."""
    raw = zlib.compress(b"".join(b"\x00" + chart().tobytes()[y * 360 : y * 360 + 360] for y in range(80)))
    edges = [0, 0, 5, 5, 20, len(raw)]
    return png(header(SIZE, 8, 2), *(chunk(b"IDAT", raw[start:end]) for start, end in pairwise(edges)))


def _text(kind: bytes, size: int) -> bytes:
    body = b"key\x00\x00" + zlib.compress(bytes(size), 9)
    return _after_header(chunk(kind, body))


def _pictures() -> Iterator[Case]:
    for mode in ("RGB", "RGBA", "P"):
        yield stored(f"mode-{mode}.png", lambda mode=mode: saved(chart(mode), "PNG"), SIZE, "png")
    for mode in ("L", "LA", "I;16"):
        name = mode.replace(";", "")
        yield stored(f"mode-{name}.png", lambda mode=mode: saved(chart(mode), "PNG"), SIZE, "png", "gray")
    yield stored("mode-1.png", lambda: saved(chart("1"), "PNG"), SIZE, "png", "")
    yield stored("palette-transparent.png", lambda: saved(chart("P"), "PNG", transparency=15), SIZE, "png")
    yield stored("palette-alphas.png", lambda: saved(chart("P"), "PNG", transparency=b"\xff" * 15), SIZE, "png")
    yield stored("rgb-transparent.png", lambda: saved(chart(), "PNG", transparency=(1, 2, 3)), SIZE, "png")
    yield stored("gray-transparent.png", lambda: saved(chart("L"), "PNG", transparency=1), SIZE, "png", "gray")
    yield stored(
        "gray-16-transparent.png",
        lambda: _sixteen("L", 0)[:33] + chunk(b"tRNS", b"\x00\x01") + _sixteen("L", 0)[33:],
        SIZE,
        "png",
        "gray",
    )
    yield stored("rgb-16.png", lambda: _sixteen("RGB", 2), SIZE, "png")
    yield stored("rgba-16.png", lambda: _sixteen("RGBA", 6), SIZE, "png")
    yield stored("gray-16.png", lambda: _sixteen("L", 0), SIZE, "png", "gray")
    yield stored("gray-alpha-16.png", lambda: _sixteen("LA", 4), SIZE, "png", "gray")
    yield stored("palette-2-bits.png", lambda: _packed(2, 3), SIZE, "png")
    yield stored("palette-4-bits.png", lambda: _packed(4, 3), SIZE, "png")
    yield stored("gray-2-bits.png", lambda: _packed(2, 0), SIZE, "png", "")
    yield stored("gray-4-bits.png", lambda: _packed(4, 0), SIZE, "png", "")
    yield stored("interlaced.png", _interlaced, SIZE, "png")
    yield stored("many-idat.png", _split, SIZE, "png")
    yield stored("animated.png", _moving, SIZE, "png")
    yield stored("animated-with-default.png", lambda: animated("PNG", 3, default_image=True), SIZE, "png")
    yield stored("one-pixel.png", lambda: saved(chart(size=(1, 1)), "PNG"), (1, 1), "png", "")
    yield stored("tall.png", lambda: saved(chart("1", (2, 60000)), "PNG"), (2, 60000), "png", "")
    yield stored("wide.png", lambda: saved(chart("L", (60000, 2)), "PNG"), (60000, 2), "png", "")
    yield stored("profile.png", lambda: saved(chart(), "PNG", icc_profile=_srgb()), SIZE, "png")
    yield stored("orientation-6.png", lambda: saved(turned(6), "PNG", exif=exif(6)), SIZE, "png")
    yield stored("named-as.jpg", _plain, SIZE, "png")


def _dressed() -> Iterator[Case]:
    text = PngImagePlugin.PngInfo()
    text.add_itxt("XML:com.adobe.xmp", "<exif:GPSLatitude>48,51.5N</exif:GPSLatitude>")
    text.add_text("Comment", "48.858N 2.294E", zip=True)
    yield stored("text.png", lambda: saved(chart(), "PNG", pnginfo=text), SIZE, "png")
    yield stored("trailing-zip.png", lambda: _plain() + b"PK\x03\x04 secret", SIZE, "png")
    yield stored("text-bomb.png", lambda: _text(b"zTXt", 80_000_000), SIZE, "png")
    yield stored("unknown-ancillary-chunk.png", lambda: _after_header(chunk(b"seCt", b"secret")), SIZE, "png")


def _damaged() -> Iterator[Case]:
    for percent in (1, 10, 50, 90, 99):
        yield invalid(f"cut-at-{percent}-percent.png", lambda share=percent / 100: cut(_textured(), share))
    yield invalid("signature-only.png", lambda: _SIGNATURE)
    yield invalid("no-end.png", lambda: _plain()[:-12])
    yield invalid("no-data.png", lambda: png(header(SIZE, 8, 2)))
    yield invalid("flipped-data.png", lambda: _flipped(b"IDAT", 60, _textured()))
    yield invalid("flipped-header.png", lambda: _flipped(b"IHDR", 3))
    yield invalid("flipped-checksum.png", lambda: _flipped(b"IEND", 0))
    yield invalid("rows-missing.png", lambda: png(header(SIZE, 8, 2), _data(bytes(360 * 40), 360)))
    yield invalid("no-palette.png", lambda: png(header(SIZE, 8, 3), _data(bytes(120 * 80), 120)))
    yield invalid("unknown-filter.png", lambda: png(header(SIZE, 8, 2), _bad_filter()))
    yield invalid("no-such-depth.png", lambda: png(header(SIZE, 3, 2), _data(bytes(360 * 80), 360)))
    yield invalid("no-width.png", lambda: png(header((0, 80), 8, 2), _data(bytes(80), 1)))
    yield invalid("not-deflate.png", lambda: png(header(SIZE, 8, 2), chunk(b"IDAT", b"not compressed at all")))
    yield invalid("frame-cut.png", lambda: cut(_moving(), 0.8))
    yield invalid("frame-missing.png", _frame_missing)
    yield invalid("frame-damaged.png", _frame_damaged)


def _bombs() -> Iterator[Case]:
    yield invalid("claims-20000-squared.png", lambda: png(header((20000, 20000), 8, 6), _zeros(1_000_000)))
    yield invalid("claims-50-million-and-one.png", lambda: png(header((50_000_001, 1), 1, 0), _zeros(6_250_001)))
    yield invalid("claims-a-million-and-one-rows.png", lambda: png(header((1, 1_000_001), 8, 0), _zeros(2_000_002)))
    yield invalid("claims-2-to-the-31.png", lambda: png(header((2**31 - 1, 2**31 - 1), 8, 2), _zeros(100)))
    yield invalid("profile-bomb.png", lambda: _text(b"iCCP", 80_000_000))
    yield invalid("many-large-frames.png", _many_frames)


def cases() -> Iterator[Case]:
    """All of them."""
    yield from _pictures()
    yield from _dressed()
    yield from _damaged()
    yield from _bombs()


def _zeros(size: int) -> bytes:
    return chunk(b"IDAT", zlib.compress(bytes(size), 9))


def _srgb() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def _bad_filter() -> bytes:
    return chunk(b"IDAT", zlib.compress((b"\x09" + bytes(360)) * 80))


def _frame_missing() -> bytes:
    """Four frames are announced, three are there."""
    data = _moving()
    last = data.rindex(b"fcTL") - 4
    return data[:last] + chunk(b"IEND", b"")


def _frame_damaged() -> bytes:
    """The last frame's data is not compressed data, its checksum right."""
    data = _moving()
    start = data.rindex(b"fdAT") - 4
    sequence = data[start + 8 : start + 12]
    return data[:start] + chunk(b"fdAT", sequence + b"garbage" * 5) + chunk(b"IEND", b"")


def _many_frames() -> bytes:
    """60 frames of 25 megapixels in 200 kB."""
    size = (5000, 5000)
    pixels = zlib.compress(bytes(5000 * 626), 9)
    chunks = [chunk(b"acTL", struct.pack(">II", 60, 0)), _control(0, size), chunk(b"IDAT", pixels)]
    for number in range(1, 60):
        chunks += [_control(number * 2 - 1, size), chunk(b"fdAT", struct.pack(">I", number * 2) + pixels)]
    return png(header(size, 1, 0), *chunks)


def _control(sequence: int, size: tuple[int, int]) -> bytes:
    return chunk(b"fcTL", struct.pack(">IIIIIHHBB", sequence, *size, 0, 0, 1, 10, 0, 0))
