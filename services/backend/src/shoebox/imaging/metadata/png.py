"""PNG and APNG: whole chunks stay or go; compressed data is never touched.

Source: Portable Network Graphics, third edition (W3C): 5 (chunk layout), 11 (chunks),
14.1 (what an editor may drop).
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import Final, NamedTuple

from shoebox.imaging.metadata import exif
from shoebox.imaging.structure import MAX_FRAMES, Assembly, Inspection, Outline, broken, too_many_frames

MAX_CHUNKS: Final = 100_000  # 20 MiB in chunks of 8 KiB, as encoders write them, are 2,560
MAX_SIDE: Final = 2**31 - 1

_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_OVERHEAD: Final = 12  # length, type and CRC
_BIT_DEPTHS: Final = {
    0: {1, 2, 4, 8, 16},
    2: {8, 16},
    3: {1, 2, 4, 8},
    4: {8, 16},
    6: {8, 16},
}  # 11.2.1, by colour type
_CRITICAL: Final = frozenset({b"IHDR", b"PLTE", b"IDAT", b"IEND"})
_COLOR: Final = frozenset(
    {b"tRNS", b"cHRM", b"gAMA", b"iCCP", b"sBIT", b"sRGB", b"cICP", b"mDCV", b"cLLI", b"bKGD", b"hIST", b"pHYs"}
)
_ANIMATION: Final = frozenset({b"acTL", b"fcTL", b"fdAT"})


class _Chunk(NamedTuple):
    kind: bytes
    start: int
    end: int

    @property
    def body(self) -> slice:
        return slice(self.start + 8, self.end - 4)


def inspect(view: memoryview) -> Inspection:
    """Outline and stripped pieces. Raises `InvalidImage` for a file that is cut or broken."""
    chunks = tuple(_chunks(view))
    width, height = _header(view, chunks[0])
    _check_data(chunks)
    animated = _is_animated(chunks)
    frames = _frames(view, chunks, (width, height)) if animated else 1
    oriented = next((chunk for chunk in chunks if chunk.kind == b"eXIf"), None)
    outline = Outline(
        width=width,
        height=height,
        pixels=width * height * frames,
        frames=frames,
        orientation=exif.orientation(view[oriented.body]) if oriented else 1,
    )
    kept = _CRITICAL | _COLOR | (_ANIMATION if animated else frozenset())
    assembly = Assembly(view)
    assembly.keep(0, len(_SIGNATURE))
    for chunk in chunks:
        if chunk.kind in kept:
            assembly.keep(chunk.start, chunk.end)
        elif chunk is oriented and outline.orientation != 1:
            assembly.replace(chunk.start, chunk.end, _chunk(b"eXIf", exif.minimal(outline.orientation)))
    return assembly.inspection(outline)


def _chunks(view: memoryview) -> Iterator[_Chunk]:
    """Every chunk up to IEND, its CRC proven. At least one."""
    if bytes(view[:8]) != _SIGNATURE:
        raise broken("it does not begin as a PNG")
    at = 8
    for _ in range(MAX_CHUNKS):
        if at + _OVERHEAD > len(view):
            raise broken("the PNG is cut off")
        length, kind = struct.unpack_from(">I4s", view, at)
        end = at + _OVERHEAD + length
        if end > len(view):
            raise broken("the PNG is cut off")
        if zlib.crc32(view[at + 4 : end - 4]) != struct.unpack_from(">I", view, end - 4)[0]:
            raise broken("a checksum of the PNG does not match")
        # Bit 5 of the first byte is clear in chunks a decoder must understand (5.4).
        if not kind[0] & 0x20 and kind not in _CRITICAL:
            raise broken("the PNG needs something that no decoder knows")
        yield _Chunk(kind, at, end)
        if kind == b"IEND":
            return
        at = end
    raise broken(f"it has more than {MAX_CHUNKS:,} chunks")


def _header(view: memoryview, first: _Chunk) -> tuple[int, int]:
    if first.kind != b"IHDR" or first.end - first.start != _OVERHEAD + 13:
        raise broken("the PNG has no header")
    width, height, depth, color, compression, filtering, interlace = struct.unpack(">IIBBBBB", view[first.body])
    sane = depth in _BIT_DEPTHS.get(color, ()) and (compression, filtering) == (0, 0) and interlace <= 1
    if not sane or not 1 <= width <= MAX_SIDE or not 1 <= height <= MAX_SIDE:
        raise broken("its header makes no sense")
    return width, height


def _check_data(chunks: tuple[_Chunk, ...]) -> None:
    """One header, and image data in one run of chunks (5.6)."""
    data = [index for index, chunk in enumerate(chunks) if chunk.kind == b"IDAT"]
    if not data or data[-1] - data[0] != len(data) - 1:
        raise broken("its image data is missing or torn apart")
    if sum(chunk.kind == b"IHDR" for chunk in chunks) != 1:
        raise broken("the PNG has two headers")


def _is_animated(chunks: tuple[_Chunk, ...]) -> bool:
    """Whether an animation is announced where decoders look for it: before the image data."""
    kinds = [chunk.kind for chunk in chunks]
    return b"acTL" in kinds[: kinds.index(b"IDAT")]


def _frames(view: memoryview, chunks: tuple[_Chunk, ...], canvas: tuple[int, int]) -> int:
    """How many frames a decoder makes; the default image counts when it is not one of them."""
    controls = [chunk for chunk in chunks if chunk.kind == b"fcTL"]
    announcement = next(chunk for chunk in chunks if chunk.kind == b"acTL")
    if len(view[announcement.body]) != 8 or any(len(view[control.body]) != 26 for control in controls):
        raise broken("its animation makes no sense")
    (announced, _) = struct.unpack(">II", view[announcement.body])
    kinds = [chunk.kind for chunk in chunks]
    frames = len(controls) + (b"fcTL" not in kinds[: kinds.index(b"IDAT")])
    if max(announced, frames) > MAX_FRAMES:
        raise too_many_frames()
    if not announced or announced != len(controls):
        raise broken("frames of its animation are missing")
    for control in controls:
        _, width, height, x, y = struct.unpack_from(">IIIII", view, control.body.start)
        if not width or not height or x + width > canvas[0] or y + height > canvas[1]:
            raise broken("a frame of its animation lies outside the picture")
    return frames


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
