"""WebP: whole chunks stay or go; VP8 and VP8L data is never touched.

Sources: RFC 9649, 2.3 to 2.7 (RIFF, chunks, extended format), 3.4 (VP8L header);
RFC 6386, 9.1 (VP8 frame header).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from shoebox.imaging.metadata import exif
from shoebox.imaging.structure import MAX_FRAMES, Data, Inspection, Outline, broken, too_many_frames

MAX_CHUNKS: Final = 10_000  # an animation of 1,000 frames has some 1,000
MAX_FRAME_CHUNKS: Final = 100  # in one frame: an alpha plane, a bitstream, and what nobody knows

_EXIF_FLAG, _XMP_FLAG, _ICC_FLAG, _ANIMATION_FLAG = 0x08, 0x04, 0x20, 0x02
_BITSTREAMS: Final = frozenset({b"VP8 ", b"VP8L"})
_FRAME_HEADER: Final = 16  # ANMF: position, size, duration, flags
_VP8_START: Final = b"\x9d\x01\x2a"


@dataclass(frozen=True, slots=True)
class _Chunk:
    """A chunk; `end` is behind its padding byte, `body_end` before it."""

    kind: bytes
    start: int
    body_end: int
    end: int

    @property
    def body(self) -> int:
        return self.start + 8


def inspect(view: memoryview) -> Inspection:
    """Outline and stripped pieces. Raises `InvalidImage` for a file that is cut or broken."""
    end = _riff_end(view)
    chunks = tuple(_chunks(view, 12, end))
    if not chunks:
        raise broken("the WebP holds no picture")
    if chunks[0].kind == b"VP8X":
        return _Extended(view, chunks).inspection()
    if chunks[0].kind not in _BITSTREAMS:
        raise broken("the WebP does not begin with a picture")
    width, height = _raster(view, chunks[0])
    return _assemble(view, [_whole(view, chunks[0])], Outline(width=width, height=height, pixels=width * height))


def _riff_end(view: memoryview) -> int:
    if len(view) < 20 or bytes(view[:4]) != b"RIFF" or bytes(view[8:12]) != b"WEBP":
        raise broken("it does not begin as a WebP")
    end = 8 + int(struct.unpack_from("<I", view, 4)[0])
    if end > len(view):
        raise broken("the WebP is cut off")
    return end


def _chunks(view: memoryview, at: int, end: int, limit: int = MAX_CHUNKS) -> Iterator[_Chunk]:
    """The chunks between two places. The last one's padding byte may be missing."""
    for _ in range(limit):
        if at >= end:
            return
        if at + 8 > end:
            raise broken("a chunk of the WebP is cut off")
        kind, size = struct.unpack_from("<4sI", view, at)
        body_end = at + 8 + size
        if body_end > end:
            raise broken("a chunk of the WebP is cut off")
        yield _Chunk(kind, at, body_end, min(body_end + (size & 1), end))
        at = body_end + (size & 1)
    raise broken("the WebP is made of too many pieces")


def _raster(view: memoryview, chunk: _Chunk) -> tuple[int, int]:
    """Width and height that a bitstream's own header claims."""
    head = bytes(view[chunk.body : min(chunk.body_end, chunk.body + 10)])
    if chunk.kind == b"VP8 ":
        if len(head) < 10 or head[0] & 1 or head[3:6] != _VP8_START:
            raise broken("its VP8 data makes no sense")
        width, height = struct.unpack_from("<HH", head, 6)
        width, height = width & 0x3FFF, height & 0x3FFF
    else:
        if len(head) < 5 or head[0] != 0x2F:
            raise broken("its VP8L data makes no sense")
        (bits,) = struct.unpack_from("<I", head, 1)
        width, height = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if not width or not height:
        raise broken("it is empty")
    return width, height


class _Extended:
    """The extended format: a VP8X header that says which chunks count."""

    def __init__(self, view: memoryview, chunks: tuple[_Chunk, ...]) -> None:
        head = chunks[0]
        if head.body_end - head.body < 10:
            raise broken("its VP8X header is cut off")
        self._view = view
        self._chunks = chunks
        self._flags = view[head.body]
        self._canvas = (_uint24(view, head.body + 4) + 1, _uint24(view, head.body + 7) + 1)
        self._orientation = 1
        self._frames = 0

    def inspection(self) -> Inspection:
        """Outline and pieces."""
        self._orientation = self._read_orientation()
        kept: list[Data] = [self._header()]
        for chunk in self._chunks[1:]:
            kept.extend(self._kept(chunk))
        if not self._frames:
            raise broken("the WebP holds no picture")
        if self._orientation != 1:
            kept.append(_chunk(b"EXIF", exif.minimal(self._orientation)))
        width, height = self._canvas
        outline = Outline(
            width=width,
            height=height,
            pixels=width * height * self._frames,
            frames=self._frames,
            orientation=self._orientation,
        )
        return _assemble(self._view, kept, outline)

    def _read_orientation(self) -> int:
        if self._flags & _EXIF_FLAG:
            for chunk in self._chunks:
                if chunk.kind == b"EXIF":
                    return exif.orientation(self._view[chunk.body : chunk.body_end])
        return 1

    def _header(self) -> bytes:
        head = self._chunks[0]
        flags = self._flags & ~(_EXIF_FLAG | _XMP_FLAG) | (_EXIF_FLAG if self._orientation != 1 else 0)
        return _chunk(b"VP8X", bytes([flags]) + bytes(self._view[head.body + 1 : head.body + 10]))

    def _kept(self, chunk: _Chunk) -> list[Data]:
        animated = bool(self._flags & _ANIMATION_FLAG)
        if chunk.kind == b"ANMF" and animated:
            return [self._frame(chunk)]
        if chunk.kind in _BITSTREAMS and not animated:
            if self._frames or _raster(self._view, chunk) != self._canvas:
                raise broken("the WebP holds another picture than it announces")
            self._frames = 1
            return [_whole(self._view, chunk)]
        stays = (
            (chunk.kind == b"ICCP" and self._flags & _ICC_FLAG)
            or (chunk.kind == b"ANIM" and animated)
            or (chunk.kind == b"ALPH" and not animated)
        )
        return [_whole(self._view, chunk)] if stays else []

    def _frame(self, chunk: _Chunk) -> bytes:
        """An animation frame without the chunks in it that nobody knows."""
        self._frames += 1
        if self._frames > MAX_FRAMES:
            raise too_many_frames()
        view, first = self._view, chunk.body + _FRAME_HEADER
        if first > chunk.body_end:
            raise broken("a frame of the WebP is cut off")
        x, y = 2 * _uint24(view, chunk.body), 2 * _uint24(view, chunk.body + 3)
        size = (_uint24(view, chunk.body + 6) + 1, _uint24(view, chunk.body + 9) + 1)
        if x + size[0] > self._canvas[0] or y + size[1] > self._canvas[1]:
            raise broken("a frame of the WebP lies outside the picture")
        every = _chunks(view, first, chunk.body_end, MAX_FRAME_CHUNKS)
        inner = [part for part in every if part.kind in _BITSTREAMS | {b"ALPH"}]
        rasters = [_raster(view, part) for part in inner if part.kind in _BITSTREAMS]
        if rasters != [size]:
            raise broken("a frame of the WebP is not what it announces")
        return _chunk(b"ANMF", b"".join([view[chunk.body : first], *(_whole(view, part) for part in inner)]))


def _assemble(view: memoryview, kept: list[Data], outline: Outline) -> Inspection:
    size = 4 + sum(len(piece) for piece in kept)
    pieces = (b"RIFF" + struct.pack("<I", size) + b"WEBP", *kept)
    clean = size + 8 == len(view) and b"".join(pieces) == view
    return Inspection(outline=outline, pieces=(view,) if clean else pieces, clean=clean)


def _whole(view: memoryview, chunk: _Chunk) -> Data:
    """A chunk with its padding byte.

    It should be 0 (RFC 9649, 2.3), but is left as it is: libwebp reads on into it where
    lossless data ends early.
    """
    if (chunk.end - chunk.start) & 1:
        return b"".join([view[chunk.start : chunk.end], b"\x00"])
    return view[chunk.start : chunk.end]


def _chunk(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("<I", len(body)) + body + b"\x00" * (len(body) & 1)


def _uint24(view: memoryview, at: int) -> int:
    return int.from_bytes(view[at : at + 3], "little")
