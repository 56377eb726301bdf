"""The format of a picture by its first bytes. Names and declared types are not evidence."""

from __future__ import annotations

import struct
from typing import Final

from shoebox.domain.errors import UnsupportedFormat
from shoebox.domain.image import Format

HEAD: Final = 512  # bytes `sniff` needs at most: an AVIF may list many brands in its first box

_AVIF_BRANDS: Final = frozenset({b"avif", b"avis"})
_BMP_HEADER_SIZES: Final = frozenset({12, 40, 52, 56, 64, 108, 124})
_SIGNATURES: Final = (
    (b"\xff\xd8\xff", Format.JPEG),  # SOI and the start of any marker: ITU-T T.81, B.2.1; MPO as well
    (b"\x89PNG\r\n\x1a\n", Format.PNG),  # PNG 3rd edition, 5.2; APNG as well
    (b"GIF87a", Format.GIF),
    (b"GIF89a", Format.GIF),
    (b"II*\x00", Format.TIFF),  # TIFF 6.0, section 2
    (b"MM\x00*", Format.TIFF),
    (b"II+\x00\x08\x00\x00\x00", Format.TIFF),  # BigTIFF
    (b"MM\x00+\x00\x08\x00\x00", Format.TIFF),
)


def sniff(head: bytes | memoryview) -> Format:
    """The format that `head`, the first `HEAD` bytes of a file (or all of it), begins.

    Raises `UnsupportedFormat` when it is none of ours, naming those that are.
    """
    start = bytes(head[:HEAD])
    for signature, image_format in _SIGNATURES:
        if start.startswith(signature):
            return image_format
    if start[:4] == b"RIFF" and start[8:12] == b"WEBP":  # RFC 9649, 2.4
        return Format.WEBP
    if _is_bmp(start):
        return Format.BMP
    if _is_avif(start):
        return Format.AVIF
    names = ", ".join(image_format.title for image_format in Format)
    raise UnsupportedFormat(f"The file is not a picture of an accepted format. Accepted are {names}.")


def _is_bmp(start: bytes) -> bool:
    # "BM" alone begins many a text; the size of the second header makes it a bitmap.
    return start[:2] == b"BM" and len(start) >= 18 and struct.unpack_from("<I", start, 14)[0] in _BMP_HEADER_SIZES


def _is_avif(start: bytes) -> bool:
    """ISO/IEC 14496-12, 4.3: a file type box whose major or compatible brands name AVIF."""
    if start[4:8] != b"ftyp" or len(start) < 16:
        return False
    size = min(struct.unpack_from(">I", start, 0)[0], len(start))
    brands = {start[8:12]} | {start[at : at + 4] for at in range(16, size - 3, 4)}
    return not _AVIF_BRANDS.isdisjoint(brands)
