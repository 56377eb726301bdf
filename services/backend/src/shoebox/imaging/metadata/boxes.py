"""Boxes: what files of the ISO base media format are made of.

Source: ISO/IEC 14496-12, 4.2 (box and full box headers).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from shoebox.imaging.structure import Redaction, broken

MAX_BOXES: Final = 5_000  # in one container; an AVIF has dozens, a grid of many tiles some hundreds
FREE: Final = b"free"  # 8.1.2: a box whose content is irrelevant


@dataclass(frozen=True, slots=True)
class Box:
    """A box: `start` of its header, `body` behind it, `end` behind its content."""

    kind: bytes
    start: int
    body: int
    end: int


class Cursor:
    """Reads big-endian fields one after the other, and never past the end of a box."""

    def __init__(self, view: memoryview, at: int, end: int) -> None:
        self._view = view
        self.at = at
        self._end = end

    def number(self, size: int) -> int:
        """An unsigned integer of `size` bytes; 0 if it has none."""
        self.skip(size)
        return int.from_bytes(self._view[self.at - size : self.at], "big")

    def kind(self) -> bytes:
        """A four-character code."""
        self.skip(4)
        return bytes(self._view[self.at - 4 : self.at])

    def skip(self, size: int) -> None:
        """Pass over `size` bytes."""
        if self.at + size > self._end:
            raise broken("a box of the AVIF is cut off")
        self.at += size


def boxes(view: memoryview, at: int, end: int) -> Iterator[Box]:
    """The boxes between two places, which they must fill."""
    for _ in range(MAX_BOXES):
        if at == end:
            return
        box = box_at(view, at, end)
        if box is None:
            raise broken("a box of the AVIF is cut off")
        yield box
        at = box.end
    raise broken("the AVIF is made of too many boxes")


def box_at(view: memoryview, at: int, end: int) -> Box | None:
    """The box at this place, or nothing if it does not end before `end`."""
    if at + 8 > end:
        return None
    size, kind = struct.unpack_from(">I4s", view, at)
    body = at + 8
    if size == 1:  # the real size follows
        if at + 16 > end:
            return None
        (size,) = struct.unpack_from(">Q", view, body)
        body += 8
    elif size == 0:  # to the end of the file
        size = end - at
    return Box(kind, at, body, at + size) if body <= at + size <= end else None


def neutralise(box: Box, redaction: Redaction) -> None:
    """Make a box one that every reader passes over.

    Its content becomes zeros, unless an item of the picture lies there.
    """
    redaction.keep(box.start, box.body)
    redaction.patch(box.start + 4, FREE)
    redaction.reach(box.end)
