"""One decode: the proof that a picture is whole, and the small copy made on the way."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from io import BytesIO
from types import MappingProxyType
from typing import IO, Final

from PIL import AvifImagePlugin as avif
from PIL import Image, ImageFile
from PIL.AvifImagePlugin import AvifImageFile
from PIL.BmpImagePlugin import BmpImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.TiffImagePlugin import TiffImageFile
from PIL.WebPImagePlugin import WebPImageFile

from shoebox.domain.image import Format
from shoebox.imaging.pillow.color import dominant_color
from shoebox.imaging.pillow.jpeg import StrictJpegFile
from shoebox.imaging.pillow.shrink import thumbnail_size, upright
from shoebox.imaging.scans import prove_complete
from shoebox.imaging.structure import Outline, broken

WEBP_QUALITY: Final = 75
WEBP_METHOD: Final = 0  # 1.5 ms a thumbnail; method 4 takes 5.5 ms to save a quarter of 12 kB

_PLUGINS: Final[Mapping[Format, Callable[[IO[bytes]], ImageFile.ImageFile]]] = MappingProxyType(
    {
        Format.JPEG: StrictJpegFile,
        Format.PNG: PngImageFile,
        Format.GIF: GifImageFile,
        Format.WEBP: WebPImageFile,
        Format.BMP: BmpImageFile,
        Format.TIFF: TiffImageFile,
        Format.AVIF: AvifImageFile,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DecodedPicture:
    """What a whole decode gives: the dominant colour (`#rrggbb`) and a WebP thumbnail."""

    color: str
    thumbnail: bytes


def preload() -> None:
    """Settle Pillow's process-wide switches. To be called once, before the fork.

    Importing this module has loaded the seven plugins; nothing else of Pillow's is needed.
    """
    # One thread a decode: there is a decoder process for every core, and each thread more
    # would reserve address space out of the same limit.
    avif.DEFAULT_MAX_THREADS = 1
    # The limits are ours, counted from the outline before anything is opened.
    Image.MAX_IMAGE_PIXELS = None


def decode(image_format: Format, data: bytes, outline: Outline, width: int) -> DecodedPicture:
    """Decode every frame of a file once and make a thumbnail of the first.

    `data` is the whole file. Raises whatever the decoder raises (any `Exception`), and
    `InvalidImage` when the pixels contradict the outline.
    """
    picture = _open(image_format, data, outline)
    small = _first_frame(picture, outline, width)
    for number in range(1, outline.frames):
        picture.seek(number)
        picture.load()
    return DecodedPicture(color=dominant_color(small), thumbnail=_to_webp(small))


def scaled(image_format: Format, data: bytes, outline: Outline, width: int) -> bytes:
    """A WebP of the first frame, no wider than `width` and never larger than the picture."""
    picture = _open(image_format, data, outline)
    return _to_webp(_first_frame(picture, outline, width))


def _open(image_format: Format, data: bytes, outline: Outline) -> ImageFile.ImageFile:
    picture = _PLUGINS[image_format](BytesIO(data))
    # A decoder that sees another size than was checked would not be bound by the check.
    if picture.size != (outline.width, outline.height):
        raise broken("its headers contradict each other")
    if isinstance(picture, StrictJpegFile):
        picture.single_scan = outline.scans == 1
        if outline.scans > 1:
            prove_complete(data, picture.layers)
    return picture


def _first_frame(picture: ImageFile.ImageFile, outline: Outline, width: int) -> Image.Image:
    size = thumbnail_size(outline.displayed, width)
    stored_size = size[::-1] if outline.orientation >= 5 else size
    if isinstance(picture, StrictJpegFile):
        picture.draft(None, stored_size)
    picture.load()
    return upright(picture, stored_size, outline.orientation)


def _to_webp(image: Image.Image) -> bytes:
    """The pixels and nothing else: no profile, EXIF or XMP passes into a thumbnail."""
    out = BytesIO()
    image.save(out, "WEBP", quality=WEBP_QUALITY, method=WEBP_METHOD, exif=b"", xmp=b"", icc_profile=b"")
    return out.getvalue()
