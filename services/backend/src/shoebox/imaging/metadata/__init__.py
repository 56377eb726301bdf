"""Takes out of a picture file what is not picture, without decoding or re-compressing it.

See docs/metadata.md for what goes and what stays, format by format.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from shoebox.domain.image import Format
from shoebox.imaging.metadata import bmp, gif, isobmff, jpeg, png, tiff, webp
from shoebox.imaging.structure import Data, Inspection, Outline

_INSPECTORS: Final[Mapping[Format, Callable[[memoryview], Inspection]]] = MappingProxyType(
    {
        Format.JPEG: jpeg.inspect,
        Format.PNG: png.inspect,
        Format.GIF: gif.inspect,
        Format.WEBP: webp.inspect,
        Format.BMP: bmp.inspect,
        Format.TIFF: tiff.inspect,
        Format.AVIF: isobmff.inspect,
    }
)


def suppose(image_format: Format, data: Data) -> Inspection | None:
    """As `inspect`, quicker, if something of the file is supposed that its decoder can prove."""
    return jpeg.suppose(memoryview(data).cast("B")) if image_format is Format.JPEG else None


def inspect(image_format: Format, data: Data) -> Inspection:
    """Walk the whole file once: outline and stripped pieces.

    Time is linear in the size of `data`, memory at most one copy of it. Limits on pixels are
    the caller's to enforce, from the outline, before it decodes. Raises `InvalidImage` when
    the file breaks its format's structure or has more than `MAX_FRAMES` frames.
    """
    view = memoryview(data).cast("B")
    return _INSPECTORS[image_format](view)


def outline(image_format: Format, data: Data) -> Outline:
    """The outline alone. Raises as `inspect` does."""
    return inspect(image_format, data).outline


def strip(image_format: Format, data: Data) -> bytes:
    """The file without its metadata; a file that has none comes out byte for byte.

    Pixels, orientation and colour profile stay as they are. Raises as `inspect` does.
    """
    return inspect(image_format, data).stripped()
