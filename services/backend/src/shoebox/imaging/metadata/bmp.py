"""BMP: gaps between its parts are blanked in place, what follows its last part goes.

Source: Windows GDI, "Bitmap Storage", BITMAPFILEHEADER, BITMAPCOREHEADER, BITMAPINFOHEADER,
BITMAPV5HEADER and "Bitmap Compression".
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

from shoebox.imaging.structure import Inspection, Outline, Redaction, broken

MAX_COMMANDS: Final = 2_000_000  # of run-length data; walking them takes a second, drawing them several

_FILE_HEADER: Final = 14
_CORE, _INFO, _V5 = 12, 40, 124
_HEADER_SIZES: Final = frozenset({_CORE, _INFO, 52, 56, 64, 108, _V5})
_RAW, _RLE8, _RLE4, _BITFIELDS = range(4)
_BIT_DEPTHS: Final = frozenset({1, 4, 8, 16, 24, 32})
_MASKS: Final = 12  # red, green and blue, behind a 40-byte header

_COLOR_SPACE, _PROFILE = _FILE_HEADER + 56, _FILE_HEADER + 112
# bV5CSType is a number spelled in letters, so it reads backwards in the file.
_EMBEDDED, _LINKED, _SRGB = b"DEBM", b"KNIL", b"BGRs"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Header:
    """What both headers say. `tables` is where masks and palette end, `raster` where pixels begin."""

    size: int
    width: int
    height: int
    bits: int
    compression: int
    tables: int
    raster: int


def inspect(view: memoryview) -> Inspection:
    """Outline and stripped pieces. Raises `InvalidImage` for a file that is cut or broken."""
    header = _header(view)
    redaction = Redaction(view)
    redaction.keep(0, min(header.tables, len(view)))
    end = _raster_end(view, header)
    redaction.keep(header.raster, end)
    end = max(end, _place_profile(view, header, redaction))
    if end < len(view):
        redaction.patch(2, struct.pack("<I", end))  # bfSize
    return redaction.inspection(Outline(width=header.width, height=header.height, pixels=header.width * header.height))


def _header(view: memoryview) -> _Header:
    if len(view) < _FILE_HEADER + _CORE or bytes(view[:2]) != b"BM":
        raise broken("it does not begin as a BMP")
    offset, size = struct.unpack_from("<II", view, 10)
    if size not in _HEADER_SIZES or len(view) < _FILE_HEADER + size:
        raise broken("the header of the BMP is cut off")
    if size == _CORE:
        width, height, _, bits = struct.unpack_from("<HHHH", view, 18)
        compression = colors = 0
    else:
        width, height, _, bits, compression = struct.unpack_from("<iiHHI", view, 18)
        (colors,) = struct.unpack_from("<I", view, 46)
    if width < 1 or not height or bits not in _BIT_DEPTHS or compression > _BITFIELDS:
        raise broken("its header makes no sense")
    tables, raster = _layout(size, bits, compression, colors, offset)
    if raster < _FILE_HEADER + size:
        raise broken("its header makes no sense")
    return _Header(
        size=size,
        width=width,
        height=abs(height),  # negative: stored from the top
        bits=bits,
        compression=compression,
        tables=tables,
        raster=raster,
    )


def _layout(size: int, bits: int, compression: int, colors: int, offset: int) -> tuple[int, int]:
    """Where the tables end and where the raster begins, as decoders find them.

    Some writers forget the palette when they give the raster's place, or give none at all.
    """
    tables = _FILE_HEADER + size + (_MASKS if size == _INFO and compression == _BITFIELDS else 0)
    entry = 3 if size == _CORE else 4
    if bits <= 8:
        palette = entry * (colors or 1 << bits)
        if offset == _FILE_HEADER + size:
            offset += palette
        tables += palette
    else:
        tables += entry * colors if tables + entry * colors <= offset else 0
    return tables, offset or tables


def _raster_end(view: memoryview, header: _Header) -> int:
    if header.compression in (_RLE8, _RLE4):
        return _rle_end(view, header)
    end = header.raster + (header.width * header.bits + 31) // 32 * 4 * header.height
    if end > len(view):
        raise broken("the BMP is cut off")
    return end


def _rle_end(view: memoryview, header: _Header) -> int:
    """Where run-length data ends: at its end-of-bitmap code, or where the last row is full.

    The announced size (biSizeImage) is not believed: decoders do not either.
    """
    width, at, drawn, column, commands = header.width, header.raster, 0, 0, 0
    try:
        while drawn < width * header.height:
            commands += 1
            if commands > MAX_COMMANDS:
                raise broken("the BMP is made of too many pieces")
            count, code = view[at], view[at + 1]
            at += 2
            if not count and code == 1:
                return at
            if count:
                count = min(count, max(0, width - column))
                column += count
            elif code == 0:
                count, column = -drawn % width, 0
            elif code == 2:
                count, at = view[at] + view[at + 1] * width, at + 2
                column = (drawn + count) % width
            else:
                count = code
                column += count
                at += (code + 1) // 2 if header.compression == _RLE4 else code
                at += at & 1
            drawn += count
    except IndexError as error:
        raise broken("the BMP is cut off") from error
    for ending in (b"\x00\x00", b"\x00\x01"):  # the codes for the end of a row and of the bitmap
        at += 2 if bytes(view[at : at + 2]) == ending else 0
    return min(at, len(view))


def _place_profile(view: memoryview, header: _Header, redaction: Redaction) -> int:
    """Keep an embedded profile and say where it ends; a linked one is a path on a disk: it goes."""
    if header.size != _V5:
        return 0
    kind = bytes(view[_COLOR_SPACE : _COLOR_SPACE + 4])
    offset, size = struct.unpack_from("<II", view, _PROFILE)
    start, end = _FILE_HEADER + offset, _FILE_HEADER + offset + size
    if kind == _EMBEDDED:
        if end > len(view):
            raise broken("the colour profile of the BMP is cut off")
        redaction.keep(start, end)
        return int(end)
    if kind == _LINKED:
        redaction.patch(_COLOR_SPACE, _SRGB)
        redaction.patch(_PROFILE, bytes(8))
    return 0
