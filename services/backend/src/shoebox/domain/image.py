"""What a picture is to Shoebox: the values that travel between the rooms."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

# The widths a thumbnail may have, in pixels: gallery cards use 320, the others serve
# small screens, dense screens and the viewer's first paint.
THUMBNAIL_WIDTHS = (160, 320, 640, 1280)
GALLERY_WIDTH = 320


class Format(Enum):
    """A picture format that is accepted. The value is the extension it is stored under."""

    JPEG = "jpg"
    PNG = "png"
    GIF = "gif"
    WEBP = "webp"
    BMP = "bmp"
    TIFF = "tiff"
    AVIF = "avif"

    @property
    def title(self) -> str:
        """The name people know it by."""
        return "WebP" if self is Format.WEBP else self.name

    @property
    def content_type(self) -> str:
        """The media type the file is served with; never the one a client declared."""
        return "image/jpeg" if self is Format.JPEG else f"image/{self.value}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What one decode proved about a picture.

    `width` and `height` are pixels as displayed (orientation applied), `color` is the
    dominant colour as `#rrggbb`, `size` and `sha256` are of the bytes that will be served.
    """

    format: Format
    width: int
    height: int
    size: int
    sha256: str
    color: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NewImage:
    """A picture whose file is published and whose row is not yet written."""

    key: str
    original_name: str
    facts: Facts
    uploaded_at: datetime  # aware, UTC
    collection: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Image(NewImage):
    """A picture that is in the store. `id` is never used again after a deletion."""

    id: int
