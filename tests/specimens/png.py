"""PNG and APNG specimens."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

from tests.specimens.marks import NEEDLE, PROFILE, XMP, exif, motif, saved

SIGNATURE = b"\x89PNG\r\n\x1a\n"


def chunk(kind: bytes, body: bytes) -> bytes:
    """A chunk with its checksum."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Kind and bytes of every chunk."""
    at = len(SIGNATURE)
    while at < len(data):
        (length,) = struct.unpack_from(">I", data, at)
        yield data[at + 4 : at + 8], data[at : at + 12 + length]
        at += 12 + length


def plain() -> dict[str, bytes]:
    """Pictures as encoders write them when nobody asks for more."""
    palette = motif().quantize(17)
    films = {"save_all": True, "append_images": [motif("RGBA", 30), motif("RGBA", 60)], "loop": 3}
    return {
        **{mode: saved(motif(mode), "PNG") for mode in ("1", "L", "LA", "RGB", "RGBA", "I;16")},
        "palette": saved(palette, "PNG"),
        "palette with transparency": saved(palette, "PNG", transparency=3),
        "profile": saved(motif(), "PNG", icc_profile=PROFILE, dpi=(300, 300)),
        "animation": saved(motif("RGBA"), "PNG", **films),
        "animation with another default": saved(motif("RGBA"), "PNG", default_image=True, **films),
    }


def loaded(orientation: int) -> dict[str, bytes]:
    """Pictures as cameras and editors leave them."""
    return {name: load(data, orientation) for name, data in plain().items()}


def load(data: bytes, orientation: int) -> bytes:
    """Put metadata before and behind the image data, and behind the end."""
    front = (
        chunk(b"eXIf", exif(orientation)[6:]),
        chunk(b"tEXt", b"Comment\x00" + NEEDLE),
        chunk(b"zTXt", b"Raw profile type iptc\x00\x00" + zlib.compress(NEEDLE * 9)),
        chunk(b"iTXt", b"XML:com.adobe.xmp\x00\x00\x00\x00\x00" + XMP),
        chunk(b"tIME", struct.pack(">HBBBBB", 2024, 5, 6, 7, 8, 9)),
        chunk(b"caBX", NEEDLE),
        chunk(b"prVt", NEEDLE),
    )
    parts = [SIGNATURE]
    for kind, whole in chunks(data):
        if kind == b"IEND":
            parts.append(chunk(b"tEXt", b"Author\x00" + NEEDLE))
        parts.append(whole)
        if kind == b"IHDR":
            parts.extend(front)
    return b"".join(parts) + NEEDLE
