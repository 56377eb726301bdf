"""TIFF: byte orders, compressions, sample formats, pages, tiles."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from functools import cache

from PIL import Image

from tests.data.case import Case, invalid, stored
from tests.data.chart import SIZE, chart, cut, exif, saved, turned

_SHORT, _LONG = 3, 4
_MANY = 1_001  # pages


@cache
def _plain() -> bytes:
    return saved(chart(), "TIFF")


@cache
def _textured() -> bytes:
    noise = Image.effect_noise((90, 90), 60)
    return saved(Image.merge("RGB", (noise, noise, noise)), "TIFF", compression="tiff_deflate")


def _entry(order: str, tag: int, values: Sequence[int], kind: int = _LONG) -> bytes:
    """An entry of up to 4 bytes (TIFF 6.0, section 2)."""
    packed = struct.pack(f"{order}{len(values)}{'H' if kind == _SHORT else 'I'}", *values)
    return struct.pack(f"{order}HHI", tag, kind, len(values)) + packed.ljust(4, b"\x00")


def _directory(order: str, entries: Sequence[bytes], following: int = 0) -> bytes:
    return struct.pack(f"{order}H", len(entries)) + b"".join(entries) + struct.pack(f"{order}I", following)


def _gray_entries(order: str, size: tuple[int, int], offset: int, length: int) -> list[bytes]:
    return [
        _entry(order, 256, [size[0]]),
        _entry(order, 257, [size[1]]),
        _entry(order, 258, [8], _SHORT),
        _entry(order, 259, [1], _SHORT),
        _entry(order, 262, [1], _SHORT),
        _entry(order, 273, [offset]),
        _entry(order, 277, [1], _SHORT),
        _entry(order, 278, [size[1]]),
        _entry(order, 279, [length]),
    ]


def _gray(order: str, size: tuple[int, int] = SIZE, *, following: int = 0) -> bytes:
    """One strip of gray, the directory behind the header."""
    raw = chart("L").tobytes()
    entries = _gray_entries(order, size, 8 + 2 + 12 * 9 + 4, len(raw))
    return (
        (b"II*\x00" if order == "<" else b"MM\x00*")
        + struct.pack(f"{order}I", 8)
        + _directory(order, entries, following)
        + raw
    )


def _tiled() -> bytes:
    """Two tiles of 64 x 80 side by side."""
    wide = chart("L", (128, 80)).crop((0, 0, 120, 80))
    canvas = Image.new("L", (128, 80))
    canvas.paste(chart("L"), (0, 0))
    tiles = [canvas.crop((left, 0, left + 64, 80)).tobytes() for left in (0, 64)]
    start = 8 + 2 + 12 * 10 + 4
    table = start
    data = start + 16
    entries = [
        _entry("<", 256, [wide.width]),
        _entry("<", 257, [80]),
        _entry("<", 258, [8], _SHORT),
        _entry("<", 259, [1], _SHORT),
        _entry("<", 262, [1], _SHORT),
        _entry("<", 277, [1], _SHORT),
        _entry("<", 322, [64]),
        _entry("<", 323, [80]),
        struct.pack("<HHII", 324, _LONG, 2, table),
        struct.pack("<HHII", 325, _LONG, 2, table + 8),
    ]
    offsets = struct.pack("<IIII", data, data + 5120, 5120, 5120)
    return b"II*\x00" + struct.pack("<I", 8) + _directory("<", entries) + offsets + b"".join(tiles)


def _pages(count: int, size: tuple[int, int] = SIZE) -> bytes:
    first, *others = (chart(size=size) for _ in range(count))
    return saved(first, "TIFF", save_all=True, append_images=others)


def _tiny_pages(count: int) -> bytes:
    """Pages of one pixel that share it."""
    step = 2 + 12 * 9 + 4
    pixel = 8 + step * count
    directories = (
        _directory("<", _gray_entries("<", (1, 1), pixel, 1), 8 + step * (number + 1) if number + 1 < count else 0)
        for number in range(count)
    )
    return b"II*\x00" + struct.pack("<I", 8) + b"".join(directories) + b"\x80"


def _pictures() -> Iterator[Case]:
    for mode, shows in (("RGB", "chart"), ("RGBA", "chart"), ("P", "chart"), ("CMYK", "chart"), ("YCbCr", "chart")):
        yield stored(f"mode-{mode}.tiff", lambda mode=mode: saved(chart(mode), "TIFF"), SIZE, "tiff", shows)
    for mode in ("L", "LA", "I;16", "I", "F"):
        name = mode.replace(";", "")
        yield stored(f"mode-{name}.tiff", lambda mode=mode: saved(chart(mode), "TIFF"), SIZE, "tiff", "gray")
    yield stored("mode-1.tiff", lambda: saved(chart("1"), "TIFF"), SIZE, "tiff", "")
    yield stored("mode-LAB.tiff", lambda: saved(_lab(), "TIFF"), SIZE, "tiff")
    for compression in ("packbits", "tiff_lzw", "tiff_deflate", "tiff_adobe_deflate", "jpeg", "zstd", "lzma"):
        yield stored(
            f"compressed-{compression}.tiff",
            lambda kind=compression: saved(chart(), "TIFF", compression=kind),
            SIZE,
            "tiff",
        )
    for compression in ("group3", "group4"):
        yield stored(
            f"compressed-{compression}.tiff",
            lambda kind=compression: saved(chart("1"), "TIFF", compression=kind),
            SIZE,
            "tiff",
            "",
        )
    yield stored("little-endian.tiff", lambda: _gray("<"), SIZE, "tiff", "gray")
    yield stored("big-endian.tiff", lambda: _gray(">"), SIZE, "tiff", "gray")
    yield stored("big-tiff.tiff", lambda: saved(chart(), "TIFF", big_tiff=True), SIZE, "tiff")
    yield stored("tiled.tiff", _tiled, SIZE, "tiff", "gray")
    yield stored("three-pages.tiff", lambda: _pages(3), SIZE, "tiff")
    yield stored("a-thousand-pages.tiff", lambda: _tiny_pages(1_000), (1, 1), "tiff", "")
    yield stored("orientation-6.tiff", lambda: _oriented(6), SIZE, "tiff")
    yield stored("place.tiff", lambda: saved(chart(), "TIFF", exif=exif()), SIZE, "tiff")
    yield stored("named-as.bmp", _plain, SIZE, "tiff")


def _damaged() -> Iterator[Case]:
    for percent in (1, 10, 50, 90):
        yield invalid(f"cut-at-{percent}-percent.tiff", lambda share=percent / 100: cut(_gray("<"), share))
        yield invalid(f"deflated-cut-at-{percent}-percent.tiff", lambda share=percent / 100: cut(_textured(), share))
    yield invalid("signature-only.tiff", lambda: b"II*\x00")
    yield invalid("directory-past-the-end.tiff", lambda: b"II*\x00\xff\xff\xff\x00")
    yield invalid(
        "no-strips.tiff", lambda: b"II*\x00\x08\x00\x00\x00" + _directory("<", _gray_entries("<", SIZE, 0, 0)[:5])
    )
    yield invalid("no-entries.tiff", lambda: b"II*\x00\x08\x00\x00\x00" + _directory("<", []))
    yield invalid("second-page-cut.tiff", lambda: cut(_pages(2), 0.7))


def _bombs() -> Iterator[Case]:
    yield invalid("claims-65535-squared.tiff", lambda: _gray("<", (65535, 65535)))
    yield invalid("claims-2-to-the-31.tiff", lambda: _gray("<", (2**31 - 1, 2**31 - 1)))
    yield invalid("pages-in-a-circle.tiff", lambda: _gray("<", following=8))
    yield invalid("a-thousand-and-one-pages.tiff", lambda: _tiny_pages(_MANY))
    yield invalid("deflate-bomb.tiff", _bomb)


def cases() -> Iterator[Case]:
    """All of them."""
    yield from _pictures()
    yield from _damaged()
    yield from _bombs()


def _lab() -> Image.Image:
    from PIL import ImageCms

    transform = ImageCms.buildTransform(ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), "RGB", "LAB")
    return transform.apply(chart())


def _oriented(orientation: int) -> bytes:
    return saved(turned(orientation), "TIFF", tiffinfo={274: orientation})


def _bomb() -> bytes:
    """51 megapixels of white in a few kB."""
    return saved(Image.new("1", (8000, 6400), 1), "TIFF", compression="group4")
