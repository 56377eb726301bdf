"""Takes pictures apart into the units their formats are made of, and puts them together again.

Deliberately simpler than the code under test, and forgiving: what cannot be read is one part.
"""

from __future__ import annotations

import re
import struct
import zlib
from typing import Final

from shoebox.domain.image import Format


def split(image_format: Format, data: bytes) -> list[bytes]:
    """The file in parts that join to the same file."""
    splitter = _SPLITTERS.get(image_format)
    if splitter is None:
        return [data]
    cuts = [at for at in splitter(data) if 0 < at < len(data)]
    return [data[start:end] for start, end in zip([0, *cuts], [*cuts, len(data)], strict=True)]


def mend(image_format: Format, data: bytes) -> bytes:
    """The file with its checksums and outer lengths made right, so that a change gets past them."""
    if image_format is Format.PNG:
        return data[:8] + b"".join(_checksummed(part) for part in split(image_format, data)[1:])
    if image_format is Format.WEBP and len(data) > 12:
        return data[:4] + struct.pack("<I", len(data) - 8) + data[8:]
    return data


def _checksummed(chunk: bytes) -> bytes:
    if len(chunk) < 12:
        return chunk
    return struct.pack(">I", len(chunk) - 12) + chunk[4:-4] + struct.pack(">I", zlib.crc32(chunk[4:-4]))


def _png(data: bytes) -> list[int]:
    cuts, at = [8], 8
    while at + 12 <= len(data):
        at += 12 + int.from_bytes(data[at : at + 4], "big")
        cuts.append(at)
    return cuts


def _riff(data: bytes) -> list[int]:
    cuts, at = [12], 12
    while at + 8 <= len(data):
        size = int.from_bytes(data[at + 4 : at + 8], "little")
        at += 8 + size + (size & 1)
        cuts.append(at)
    return cuts


def _boxes(data: bytes) -> list[int]:
    # Every box counts, inner ones too: their kinds are the only four letters in a file like this.
    return [found.start() - 4 for found in re.finditer(rb"[a-z][a-z0-9A-Z]{3}", data) if found.start() > 4]


def _segments(data: bytes) -> list[int]:
    return [found.start() for found in re.finditer(rb"\xff[\xc0-\xcf\xd8-\xfe]", data)]


def _blocks(data: bytes) -> list[int]:
    return [found.start() for found in re.finditer(rb"[\x21\x2c\x3b]", data)]


_SPLITTERS: Final = {
    Format.PNG: _png,
    Format.WEBP: _riff,
    Format.AVIF: _boxes,
    Format.JPEG: _segments,
    Format.GIF: _blocks,
}
