"""Orientation: the one tag of EXIF that is about the picture and not about its making.

Sources: EXIF 2.32 (CIPA DC-008), 4.5.2 and 4.6.4; TIFF 6.0, section 2.
"""

from __future__ import annotations

import struct
from typing import Final

PREFIX: Final = b"Exif\x00\x00"  # EXIF 2.32, 4.7.2; WebP and PNG files carry it by mistake
_ORIENTATION: Final = 0x0112
_SHORT: Final = 3
_BYTE_ORDERS: Final = {b"II*\x00": "<", b"MM\x00*": ">"}


def orientation(block: memoryview) -> int:
    """The orientation, 1 to 8, of a TIFF-structured EXIF block. What cannot be read is 1.

    Only one SHORT counts, as in browsers: a viewer must not turn the picture differently
    once its metadata is gone.
    """
    if bytes(block[: len(PREFIX)]) == PREFIX:
        block = block[len(PREFIX) :]
    order = _BYTE_ORDERS.get(bytes(block[:4]))
    if order is None or len(block) < 8:
        return 1
    (directory,) = struct.unpack_from(f"{order}I", block, 4)
    if directory + 2 > len(block):
        return 1
    (count,) = struct.unpack_from(f"{order}H", block, directory)
    first = directory + 2
    for at in range(first, min(first + count * 12, len(block) - 11), 12):
        tag, kind, values, value = struct.unpack_from(f"{order}HHIH", block, at)
        if tag == _ORIENTATION:
            return value if (kind, values) == (_SHORT, 1) and 1 <= value <= 8 else 1
    return 1


def minimal(value: int) -> bytes:
    """A TIFF-structured EXIF block that holds this orientation and nothing else."""
    header = b"MM\x00*" + struct.pack(">I", 8)
    entry = struct.pack(">HHIHH", _ORIENTATION, _SHORT, 1, value, 0)
    return header + struct.pack(">H", 1) + entry + struct.pack(">I", 0)
