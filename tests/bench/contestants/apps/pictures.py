"""What the "full" applications do with an upload, as Pillow's documentation shows it.

One decode: `thumbnail` reads the whole file, a JPEG at a reduced scale, and raises for one that
is damaged. Only a picture that carries metadata is written anew, which is the quickest way there
is without a parser of one's own. The file is on the disk (fsync) before anybody hears of it.
"""

from __future__ import annotations

import os
from io import BytesIO
from pathlib import Path
from typing import Final

from PIL import Image, ImageOps

THUMBNAIL_WIDTH: Final = 320  # pixels
FORMATS: Final = ("JPEG", "PNG", "GIF", "WEBP")
EXTENSIONS: Final = frozenset({".jpg", ".jpeg", ".png", ".gif", ".webp"})
_METADATA: Final = ("exif", "xmp", "XML:com.adobe.xmp", "photoshop", "comment", "Comment", "Raw profile type exif")


class NotAPictureError(Exception):
    """The file is none of the formats, or damaged."""


def process(path: Path, thumbnail: Path) -> None:
    """Prove the picture whole, make its thumbnail, strip it.

    Raises `NotAPictureError`. What it has written by then is the caller's to remove.
    """
    try:
        with Image.open(path, formats=FORMATS) as picture:
            carries_metadata = any(name in picture.info for name in _METADATA)
            # Pillow chooses a JPEG's scale by this box: a higher one would cost a whole decode.
            picture.thumbnail((THUMBNAIL_WIDTH, -(-THUMBNAIL_WIDTH * picture.height // picture.width)))
            ImageOps.exif_transpose(picture).save(thumbnail, "WEBP")
        if carries_metadata:
            _strip(path)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise NotAPictureError(str(error)) from error
    _sync(path)


def _strip(path: Path) -> None:
    """Write the pixels anew, upright, without anything but their colour profile."""
    out = BytesIO()
    with Image.open(path, formats=FORMATS) as picture:
        upright = ImageOps.exif_transpose(picture)
        profile = picture.info.get("icc_profile")
        upright.info = {"icc_profile": profile} if profile else {}
        upright.save(out, picture.format, quality=90)
    path.write_bytes(out.getvalue())


def _sync(path: Path) -> None:
    """See to it that a power cut does not undo the file (fsync(2): it, and its entry in the folder)."""
    for place in (path, path.parent):
        descriptor = os.open(place, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
