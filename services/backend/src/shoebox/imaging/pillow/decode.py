"""One decode: the proof that a picture is whole, and the small copy made on the way."""

from __future__ import annotations

import logging
import warnings
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
from PIL.WebPImagePlugin import WebPImageFile

from shoebox.domain.image import Format
from shoebox.imaging.pillow.color import dominant_color
from shoebox.imaging.pillow.jpeg import StrictJpegFile
from shoebox.imaging.pillow.png import StrictPngFile
from shoebox.imaging.pillow.sentinel import Unpainted
from shoebox.imaging.pillow.shrink import thumbnail_size, upright
from shoebox.imaging.pillow.tiff import StrictTiffFile
from shoebox.imaging.scans import prove_complete
from shoebox.imaging.structure import Outline, broken

WEBP_QUALITY: Final = 70
WEBP_METHOD: Final = 0  # 1.5 ms a thumbnail; method 4 takes 5.5 ms to save a quarter of 11 kB

_PLUGINS: Final[Mapping[Format, Callable[[IO[bytes]], ImageFile.ImageFile]]] = MappingProxyType(
    {
        Format.JPEG: StrictJpegFile,
        Format.PNG: StrictPngFile,
        Format.GIF: GifImageFile,
        Format.WEBP: WebPImageFile,
        Format.BMP: BmpImageFile,
        Format.TIFF: StrictTiffFile,
        Format.AVIF: AvifImageFile,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A file without metadata, and what its headers say."""

    format: Format
    data: bytes
    outline: Outline
    supposed: bool = False  # as `metadata.suppose` has it


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoded:
    """What a whole decode gives: the dominant colour (`#rrggbb`), a WebP thumbnail, and whether
    what was supposed of the file is proven."""

    color: str
    thumbnail: bytes
    proven: bool


def preload() -> None:
    """Settle Pillow's process-wide switches. To be called once, before the fork.

    Importing this module has loaded the seven plugins; nothing else of Pillow's is needed.
    """
    # One thread a decode: there is a decoder process for every core, and each thread more
    # would reserve address space out of the same limit.
    avif.DEFAULT_MAX_THREADS = 1
    # The limits are ours, counted from the outline before anything is opened.
    Image.MAX_IMAGE_PIXELS = None
    # What a client's file makes Pillow say is told once, by us, as a refusal.
    warnings.filterwarnings("ignore", module=r"PIL\b")
    logging.getLogger("PIL").setLevel(logging.CRITICAL)


def decode(source: Source, width: int) -> Decoded:
    """Decode every frame of a file once and make a thumbnail of the first.

    Raises whatever the decoder raises (any `Exception`), and `InvalidImage` when the pixels
    contradict the outline.
    """
    small, picture = _twice_if_unpainted(source, width, _all_frames)
    proven = isinstance(picture, StrictJpegFile) and picture.proven
    return Decoded(color=dominant_color(small), thumbnail=_to_webp(small), proven=proven)


def scaled(source: Source, width: int) -> bytes:
    """A WebP of the first frame, no wider than `width` and never larger than the picture."""
    return _to_webp(_twice_if_unpainted(source, width, _first_frame)[0])


_Reader = Callable[[ImageFile.ImageFile, Outline, int], Image.Image]


def _twice_if_unpainted(source: Source, width: int, read: _Reader) -> tuple[Image.Image, ImageFile.ImageFile]:
    picture = _open(source, inverse=False)
    try:
        return read(picture, source.outline, width), picture
    except Unpainted:
        picture = _open(source, inverse=True)
        return read(picture, source.outline, width), picture


def _open(source: Source, *, inverse: bool) -> ImageFile.ImageFile:
    outline = source.outline
    picture = _PLUGINS[source.format](BytesIO(source.data))
    # A decoder that sees another size than was checked would not be bound by the check.
    if picture.size != (outline.displayed if source.format is Format.TIFF else (outline.width, outline.height)):
        raise broken("its headers contradict each other")
    if isinstance(picture, StrictJpegFile):
        picture.single_scan = outline.scans == 1
        picture.supposed = source.supposed
        if outline.scans > 1:
            prove_complete(source.data, picture.layers)
    if isinstance(picture, StrictJpegFile | StrictPngFile):
        picture.inverse = inverse
    return picture


def _all_frames(picture: ImageFile.ImageFile, outline: Outline, width: int) -> Image.Image:
    small = _first_frame(picture, outline, width)
    for number in range(1, outline.frames):
        picture.seek(number)
        picture.load()
    return small


def _first_frame(picture: ImageFile.ImageFile, outline: Outline, width: int) -> Image.Image:
    size = thumbnail_size(outline.displayed, width)
    # Pillow turns a TIFF by itself; every other raster is as it is stored.
    orientation = 1 if isinstance(picture, StrictTiffFile) else outline.orientation
    stored_size = size[::-1] if orientation >= 5 else size
    if isinstance(picture, StrictJpegFile):
        picture.draft(None, stored_size)
    picture.load()
    return upright(picture, stored_size, orientation)


def _to_webp(image: Image.Image) -> bytes:
    """The pixels and nothing else: no profile, EXIF or XMP passes into a thumbnail."""
    out = BytesIO()
    image.save(out, "WEBP", quality=WEBP_QUALITY, method=WEBP_METHOD, exif=b"", xmp=b"", icc_profile=b"")
    return out.getvalue()
