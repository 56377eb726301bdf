"""JPEG specimens."""

from __future__ import annotations

import struct

from PIL import Image

from tests.specimens.marks import NEEDLE, PROFILE, XMP, exif, motif, saved


def segment(marker: int, payload: bytes) -> bytes:
    """A marker segment."""
    return struct.pack(">BBH", 0xFF, marker, len(payload) + 2) + payload


def plain() -> dict[str, bytes]:
    """Pictures as encoders write them when nobody asks for more."""
    return {
        "baseline": saved(motif(), "JPEG"),
        "grey": saved(motif("L"), "JPEG"),
        "cmyk": saved(motif("CMYK"), "JPEG"),
        "progressive": saved(motif(), "JPEG", progressive=True),
        "restarts": saved(motif(), "JPEG", restart_marker_blocks=1),
        "profile": saved(motif(), "JPEG", icc_profile=PROFILE),
        "long profile": saved(motif(), "JPEG", icc_profile=PROFILE * 300),
    }


def loaded(orientation: int) -> dict[str, bytes]:
    """Pictures as cameras and editors leave them."""
    return {name: load(data, orientation) for name, data in plain().items() if name != "long profile"}


def load(data: bytes, orientation: int) -> bytes:
    """Put metadata of every kind before, between and behind the parts of a JPEG."""
    thumbnail = b"\x01\x02\x00\x00\x48\x00\x48" + bytes([7, 1]) + (NEEDLE * 2)[:21]
    extended = b"http://ns.adobe.com/xmp/extension/\x00" + b"0" * 32 + struct.pack(">II", len(XMP), 0) + XMP
    front = (
        segment(0xE0, b"JFIF\x00" + thumbnail),
        segment(0xE0, b"JFXX\x00\x10" + saved(motif(), "JPEG", comment=NEEDLE)),
        segment(0xE1, exif(orientation)),
        segment(0xE1, b"http://ns.adobe.com/xap/1.0/\x00" + XMP),
        segment(0xE1, extended),
        segment(0xE2, b"MPF\x00II*\x00" + NEEDLE),
        segment(0xE2, b"FPXR\x00" + NEEDLE),
        segment(0xED, b"Photoshop 3.0\x008BIM\x04\x04\x00\x00\x00\x00\x00\x11" + NEEDLE),
        segment(0xEB, b"JP\x00\x00jumb" + NEEDLE),
        segment(0xFE, NEEDLE),
    )
    # The decoder's own JFIF segment goes: a file has one, and ours holds a thumbnail.
    rest = data[20:] if data[2:4] == b"\xff\xe0" else data[2:]
    ending = segment(0xFE, NEEDLE) + b"\xff\xff\xff\xd9"
    return b"\xff\xd8" + b"".join(front) + rest[:-2] + ending + second_picture() + NEEDLE


def second_picture() -> bytes:
    """What an MPO or a phone's gain map puts behind the first picture."""
    return saved(Image.new("RGB", (8, 8), "red"), "JPEG", comment=NEEDLE)
