"""BMP specimens."""

from __future__ import annotations

import struct

from tests.specimens.marks import NEEDLE, PROFILE, SIZE, motif, saved

MODES = ("1", "L", "P", "RGB", "RGBA")


def plain() -> dict[str, bytes]:
    """Pictures as encoders write them when nobody asks for more."""
    return {
        **{mode: saved(motif(mode), "BMP") for mode in MODES},
        "run-length": run_length(),
        "profile": with_profile(b"DEBM", b"", PROFILE),
    }


def loaded(_orientation: int) -> dict[str, bytes]:
    """Pictures with text in their gaps and behind their end; BMP knows no orientation."""
    gaps = {mode: load(data) for mode, data in plain().items()}
    return {**gaps, "linked profile": with_profile(b"KNIL", NEEDLE, NEEDLE)}


def load(data: bytes) -> bytes:
    """Move the raster back to make room for a note, and write another behind the end."""
    (offset,) = struct.unpack_from("<I", data, 10)
    note = NEEDLE + b"\x00" * (-len(NEEDLE) % 4)
    profile = data[70:74] == b"DEBM"
    moved = bytearray(data[:offset] + note + data[offset:] + NEEDLE)
    struct.pack_into("<I", moved, 10, offset + len(note))
    if profile:
        (place,) = struct.unpack_from("<I", data, 126)
        struct.pack_into("<I", moved, 126, place + len(note))
    return bytes(moved)


def run_length() -> bytes:
    """Eight rows in RLE8: runs, absolute runs, ends of rows, a step."""
    rows = [
        bytes([12, 7, 12, 9, 0, 0]),
        bytes([0, 5, 1, 2, 3, 4, 5, 0, 19, 6, 0, 0]),
        bytes([4, 1, 0, 2, 10, 0, 10, 2, 0, 0]),
        *[bytes([24, row, 0, 0]) for row in range(5)],
    ]
    raster = b"".join(rows) + b"\x00\x01"
    palette = b"".join(bytes([row, 255 - row, row // 2, 0]) for row in range(256))
    offset = 54 + len(palette)
    info = struct.pack("<IiiHHIIiiII", 40, 24, 8, 1, 8, 1, len(raster), 2835, 2835, 256, 0)
    return b"BM" + struct.pack("<IHHI", offset + len(raster), 0, 0, offset) + info + palette + raster


def with_profile(kind: bytes, gap: bytes, profile: bytes) -> bytes:
    """A BITMAPV5HEADER file with a profile behind its raster."""
    width, height = SIZE
    raster = motif().tobytes("raw", "BGR", (width * 3 + 3) & ~3, -1)
    info = struct.pack("<IiiHHIIiiII", 124, width, height, 1, 24, 0, len(raster), 2835, 2835, 0, 0)
    place = 124 + len(raster) + len(gap)
    info += bytes(16) + kind + bytes(48) + struct.pack("<IIII", 4, place, len(profile), 0)
    body = info + raster + gap + profile
    return b"BM" + struct.pack("<IHHI", 14 + len(body), 0, 0, 14 + 124) + body
