"""What Pillow makes of a file, to compare two files by."""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass
from typing import Final

from PIL import Image

from shoebox.domain.image import Format

MAX_PIXELS: Final = 1 << 18  # a case that claims more is not decoded: it would cost more than it shows
_MAX_FRAMES: Final = 12
_PREVIEW: Final = 254  # NewSubfileType of TIFF; bit 0 says that the page is a smaller copy


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame as decoded."""

    mode: str
    size: tuple[int, int]
    pixels: bytes


def frames(image_format: Format, data: bytes) -> list[Frame] | None:
    """All frames that are picture, or nothing if Pillow refuses the file at any of them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return _frames(image_format, data)
        except Exception:
            # Pillow raises nearly anything at a damaged file, and only that it does matters here.
            return None


def _frames(image_format: Format, data: bytes) -> list[Frame]:
    with Image.open(io.BytesIO(data), formats=[image_format.name]) as picture:
        if image_format is Format.JPEG:
            return [_frame(picture)]
        found = []
        for number in range(min(getattr(picture, "n_frames", 1), _MAX_FRAMES)):
            picture.seek(number)
            if number and image_format is Format.TIFF and picture.tag_v2.get(_PREVIEW, 0) & 1:
                continue
            found.append(_frame(picture))
        return found


def _frame(picture: Image.Image) -> Frame:
    if picture.width * picture.height > MAX_PIXELS:
        raise ValueError("larger than the outline promised")
    picture.load()
    return Frame(picture.mode, picture.size, picture.tobytes())
