"""GIF: whole blocks stay or go; LZW data is never touched.

Source: Graphics Interchange Format 89a (CompuServe, 1990), 15 to 27; the NETSCAPE2.0 loop and
the ICCRGBG1012 profile are application extensions that became custom.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from shoebox.imaging.structure import MAX_FRAMES, Assembly, Inspection, Outline, broken, too_many_frames

MAX_SUB_BLOCKS: Final = 500_000  # 20 MiB of full ones are 82,000; more only cost time

_IMAGE, _EXTENSION, _TRAILER, _NOTHING = 0x2C, 0x21, 0x3B, 0x00
_CONTROL, _COMMENT, _APPLICATION = 0xF9, 0xFE, 0xFF
_LOOPS: Final = frozenset({b"NETSCAPE2.0", b"ANIMEXTS1.0"})
_PROFILE: Final = b"ICCRGBG1012"
_LOOP_SIZE: Final = 3  # 1, then how often to play: the one sub-block that is not a private note


@dataclass(frozen=True, slots=True)
class _Block:
    """A block; `body` is where its sub-blocks begin, `label` an extension's kind."""

    kind: int
    label: int
    start: int
    body: int
    end: int


class _Reader:
    """Walks blocks with one budget of sub-blocks for the whole file."""

    def __init__(self, view: memoryview) -> None:
        self._view = view
        self._budget = MAX_SUB_BLOCKS

    def blocks(self, at: int) -> Iterator[_Block]:
        """Every block from `at` to the trailer, zeros that some encoders leave between skipped."""
        try:
            while True:
                kind = self._view[at]
                if kind == _NOTHING:
                    at += 1
                    self._spend()
                    continue
                block = self._block(kind, at)
                yield block
                if kind == _TRAILER:
                    return
                at = block.end
        except IndexError as error:
            raise broken("the GIF is cut off") from error

    def _block(self, kind: int, at: int) -> _Block:
        if kind == _TRAILER:
            return _Block(kind, 0, at, at + 1, at + 1)
        if kind == _EXTENSION:
            label, body = self._view[at + 1], at + 2
            if not self._view[body] and label != _COMMENT:
                # Pillow loses its way in these, and so might others.
                raise broken("an extension of the GIF is empty")
            return _Block(kind, label, at, body, self._after_sub_blocks(body))
        if kind == _IMAGE:
            body = at + 11 + _table_size(self._view[at + 9])
            return _Block(kind, 0, at, body, self._after_sub_blocks(body))
        raise broken(f"block 0x{kind:02X} has no place in a GIF")

    def _after_sub_blocks(self, at: int) -> int:
        view = self._view
        while size := view[at]:
            at += size + 1
            self._spend()
        return at + 1

    def _spend(self) -> None:
        self._budget -= 1
        if self._budget < 0:
            raise broken("the GIF is made of too many pieces")


def inspect(view: memoryview) -> Inspection:
    """Outline and stripped pieces. Raises `InvalidImage` for a file that is cut or broken."""
    if bytes(view[:6]) not in (b"GIF87a", b"GIF89a") or len(view) < 13:
        raise broken("it does not begin as a GIF")
    first = 13 + _table_size(view[10])
    assembly = Assembly(view)
    assembly.keep(0, first)
    corners: list[tuple[int, int]] = []
    for block in _Reader(view).blocks(first):
        if block.kind == _IMAGE:
            corners.append(_far_corner(view, block))
            if len(corners) > MAX_FRAMES:
                raise too_many_frames()
        _place(view, block, assembly)
    return assembly.inspection(_outline(view, corners))


def _table_size(flags: int) -> int:
    """Bytes of the colour table that these packed flags announce (18, 20)."""
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _far_corner(view: memoryview, block: _Block) -> tuple[int, int]:
    left, top, width, height = struct.unpack_from("<HHHH", view, block.start + 1)
    if not width or not height:
        raise broken("a frame of the GIF is empty")
    return left + width, top + height


def _outline(view: memoryview, corners: list[tuple[int, int]]) -> Outline:
    """Decoders widen the canvas for a frame that reaches beyond it."""
    if not corners:
        raise broken("the GIF holds no picture")
    width, height = struct.unpack_from("<HH", view, 6)
    canvas = max(width, *(x for x, _ in corners)) * max(height, *(y for _, y in corners))
    return Outline(
        width=max(width, corners[0][0]),
        height=max(height, corners[0][1]),
        pixels=canvas * len(corners),
        frames=len(corners),
    )


def _place(view: memoryview, block: _Block, assembly: Assembly) -> None:
    """Decide on one block. Comments, plain text and private extensions go."""
    if block.kind != _EXTENSION or block.label == _CONTROL:
        assembly.keep(block.start, block.end)
    elif block.label == _APPLICATION and view[block.body] == 11:
        name = bytes(view[block.body + 1 : block.body + 12])
        if name == _PROFILE:
            assembly.keep(block.start, block.end)
        elif name in _LOOPS and (loop := _loop(view, block)):
            head = bytes(view[block.start : block.body + 12])
            assembly.replace(block.start, block.end, head + bytes([_LOOP_SIZE]) + loop + b"\x00")


def _loop(view: memoryview, block: _Block) -> bytes:
    at = block.body + 12
    while size := view[at]:
        if size == _LOOP_SIZE and view[at + 1] == 1:
            return bytes(view[at + 1 : at + 1 + size])
        at += size + 1
    return b""
