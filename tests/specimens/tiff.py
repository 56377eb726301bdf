"""TIFF specimens."""

from __future__ import annotations

import struct
from typing import Final

from PIL import Image

from tests.specimens import jpeg
from tests.specimens.marks import NEEDLE, PROFILE, XMP, motif, saved

KINDS: Final = {
    "raw": {},
    "lzw": {"compression": "tiff_lzw"},
    "deflate": {"compression": "tiff_adobe_deflate"},
    "packbits": {"compression": "packbits"},
    "jpeg": {"compression": "jpeg"},
    "big": {"big_tiff": True, "compression": "tiff_lzw"},
}


def plain() -> dict[str, bytes]:
    """Pictures as encoders write them when nobody asks for more."""
    return {
        **{name: saved(motif(), "TIFF", **options) for name, options in KINDS.items()},
        "fax": saved(motif("1"), "TIFF", compression="group4"),
        "grey": saved(motif("I;16"), "TIFF"),
        "palette": saved(motif("P"), "TIFF", compression="packbits"),
        "motorola": motorola(),
        "profile": saved(motif(), "TIFF", icc_profile=PROFILE),
    }


def loaded(orientation: int) -> dict[str, bytes]:
    """Pictures as scanners and editors leave them."""
    pages = {"save_all": True, "append_images": [motif("L", 30), motif("RGB", 60)]}
    files = {name: _noted(orientation, options) for name, options in KINDS.items()}
    files["pages"] = _noted(orientation, {"compression": "tiff_lzw", **pages})
    return {**files, "comments in a strip": jpeg_strip(orientation)}


def _noted(orientation: int, options: dict[str, object]) -> bytes:
    block = Image.Exif()
    block[0x0112] = orientation
    for tag in (269, 270, 271, 272, 285, 305, 306, 315, 316, 33432, 50735):
        block[tag] = NEEDLE.decode()
    for tag in (700, 33723, 34377, 37724):
        block[tag] = XMP
    block.get_ifd(0x8769)[0x927C] = NEEDLE * 3
    block.get_ifd(0x8825).update({1: "N", 29: NEEDLE.decode()})
    return saved(motif(), "TIFF", exif=block, icc_profile=PROFILE, **options) + NEEDLE


def directory(order: str, entries: list[tuple[int, int, int, bytes]], following: int) -> bytes:
    """A table; values are four bytes each."""
    rows = [struct.pack(f"{order}HHI", tag, kind, count) + value for tag, kind, count, value in entries]
    return struct.pack(f"{order}H", len(rows)) + b"".join(rows) + struct.pack(f"{order}I", following)


def motorola() -> bytes:
    """A big-endian grey picture of one strip, its table in front."""
    raster = motif("L").tobytes()
    width, height = motif("L").size

    def short(value: int) -> bytes:
        return struct.pack(">HH", value, 0)

    def table(place: int) -> bytes:
        return directory(
            ">",
            [
                (256, 3, 1, short(width)),
                (257, 3, 1, short(height)),
                (258, 3, 1, short(8)),
                (259, 3, 1, short(1)),
                (262, 3, 1, short(1)),
                (273, 4, 1, struct.pack(">I", place)),
                (277, 3, 1, short(1)),
                (278, 3, 1, short(height)),
                (279, 4, 1, struct.pack(">I", len(raster))),
            ],
            0,
        )

    return b"MM\x00*" + struct.pack(">I", 8) + table(8 + len(table(0))) + raster


def jpeg_strip(orientation: int) -> bytes:
    """A TIFF whose one strip is a JPEG with everything in it, and a preview page behind it."""
    stream = jpeg.load(saved(motif("L"), "JPEG"), 1)
    stream = stream[: stream.rindex(b"\xff\xd9", 0, stream.index(jpeg.second_picture())) + 2]
    width, height = motif("L").size

    def page(place: int, following: int, kind: int) -> bytes:
        fields = [(254, kind), (256, width), (257, height), (258, 8), (259, 7), (262, 1), (273, place)]
        fields += [(274, orientation), (277, 1), (278, height), (279, len(stream))]
        return directory("<", [(tag, 4, 1, struct.pack("<I", value)) for tag, value in fields], following)

    size = len(page(0, 0, 0))
    second = 8 + size + len(stream)
    head = b"II*\x00" + struct.pack("<I", 8)
    preview = page(second + size, 0, 1)
    return head + page(8 + size, second, 0) + stream + preview + stream
