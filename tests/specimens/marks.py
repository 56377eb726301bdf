"""What the specimens carry: a needle to look for, EXIF with a place, XMP, a profile, and motifs."""

from __future__ import annotations

import io
from typing import Any, Final

from PIL import Image, ImageChops

NEEDLE: Final = b"48.2082N-16.3738E"
PROFILE: Final = bytes(range(256)) * 2  # no reader in the tests looks inside a colour profile
XMP: Final = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><exif:GPSLatitude>' + NEEDLE + b"</exif:GPSLatitude></x:xmpmeta>"
SIZE: Final = (24, 16)


def exif(orientation: int) -> bytes:
    """EXIF as a camera writes it: orientation, maker, place, maker note, embedded preview."""
    text = NEEDLE.decode()
    block = Image.Exif()
    block[0x0112] = orientation
    block[0x010F] = text
    block[0x9286] = NEEDLE
    block.get_ifd(0x8769)[0x927C] = NEEDLE * 3
    block.get_ifd(0x8825).update({1: "N", 2: (48.0, 12.0, 29.52), 29: text})
    return block.tobytes()


def motif(mode: str = "RGB", turn: int = 0) -> Image.Image:
    """A picture in which every pixel differs from its neighbours, in this mode."""
    across = Image.linear_gradient("L").resize(SIZE).rotate(turn)
    down = Image.radial_gradient("L").resize(SIZE)
    picture = Image.merge("RGBA", (across, down, ImageChops.difference(across, down), ImageChops.invert(across)))
    return picture if mode == "RGBA" else picture.convert(mode)


def saved(picture: Image.Image, name: str, **options: Any) -> bytes:
    """The picture as a file of the named format."""
    out = io.BytesIO()
    picture.save(out, name, **options)
    return out.getvalue()
