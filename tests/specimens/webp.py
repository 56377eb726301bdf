"""WebP specimens."""

from __future__ import annotations

import struct

from tests.specimens.marks import NEEDLE, PROFILE, XMP, exif, motif, saved


def chunk(kind: bytes, body: bytes) -> bytes:
    """A chunk with its padding."""
    return kind + struct.pack("<I", len(body)) + body + b"\x00" * (len(body) & 1)


def riff(body: bytes) -> bytes:
    """A WebP of these chunks."""
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body


def plain() -> dict[str, bytes]:
    """Pictures as encoders write them when nobody asks for more."""
    film = {"save_all": True, "append_images": [motif("RGBA", 30), motif("RGBA", 60)]}
    return {
        "lossy": saved(motif(), "WEBP"),
        "lossless": saved(motif(), "WEBP", lossless=True),
        "alpha": saved(motif("RGBA"), "WEBP"),
        "lossless alpha": saved(motif("RGBA"), "WEBP", lossless=True),
        "profile": saved(motif(), "WEBP", icc_profile=PROFILE),
        "animation": saved(motif("RGBA"), "WEBP", duration=50, **film),
        "lossless animation": saved(motif("RGBA"), "WEBP", lossless=True, **film),
    }


def loaded(orientation: int) -> dict[str, bytes]:
    """Pictures as cameras and editors leave them."""
    film = {"save_all": True, "append_images": [motif("RGBA", 30)]}
    notes = {"exif": exif(orientation), "xmp": XMP}
    files = {
        "lossy": saved(motif(), "WEBP", **notes),
        "lossless": saved(motif("RGBA"), "WEBP", lossless=True, **notes),
        "profile": saved(motif(), "WEBP", icc_profile=PROFILE, **notes),
        "animation": saved(motif("RGBA"), "WEBP", **notes, **film),
    }
    return {name: riff(data[12:] + chunk(b"nOtE", NEEDLE)) + NEEDLE for name, data in files.items()}
