"""AVIF specimens."""

from __future__ import annotations

import struct

from tests.specimens.marks import NEEDLE, PROFILE, XMP, exif, motif, saved

QUICK = {"speed": 10, "max_threads": 1}


def box(kind: bytes, body: bytes) -> bytes:
    """A box."""
    return struct.pack(">I", len(body) + 8) + kind + body


def plain() -> dict[str, bytes]:
    """Pictures as encoders write them when nobody asks for more."""
    return {
        "still": saved(motif(), "AVIF", **QUICK),
        "alpha": saved(motif("RGBA"), "AVIF", **QUICK),
        "full chroma": saved(motif(), "AVIF", subsampling="4:4:4", **QUICK),
        "profile": saved(motif(), "AVIF", icc_profile=PROFILE, **QUICK),
    }


def animation() -> bytes:
    """An animated picture; the time of its making stands in it."""
    return saved(motif("RGBA"), "AVIF", save_all=True, append_images=[motif("RGBA", 30)], **QUICK)


def loaded(orientation: int) -> dict[str, bytes]:
    """Pictures as phones and editors leave them."""
    notes = {"exif": exif(orientation), "xmp": XMP, **QUICK}
    files = {
        "still": saved(motif(), "AVIF", **notes),
        "alpha": saved(motif("RGBA"), "AVIF", **notes),
        "profile": saved(motif(), "AVIF", icc_profile=PROFILE, **notes),
    }
    if orientation == 1:  # the encoder's library crashes on turned animations
        film = {"save_all": True, "append_images": [motif("RGBA", 30)]}
        files["animation"] = saved(motif("RGBA"), "AVIF", **notes, **film)
    return {name: load(data) for name, data in files.items()}


def load(data: bytes) -> bytes:
    """Put boxes with notes behind the picture."""
    return data + box(b"uuid", bytes(16) + NEEDLE) + box(b"free", NEEDLE) + box(b"udta", NEEDLE) + NEEDLE
