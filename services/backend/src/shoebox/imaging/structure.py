"""What a picture file says about itself, read before anything is decoded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from shoebox.domain.errors import InvalidImage

# A caller may hand in a `memoryview` of an mmap; what comes back then keeps that mmap open.
Data = bytes | memoryview

# Frames of an animation or pages of a TIFF: more is a bomb, not a picture (contract, section 4).
MAX_FRAMES: Final = 1_000

_ALIGNMENT: Final = 16  # bytes; the widest that writers of TIFF use


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """The claims of a file's headers: what a decoder would have to make room for.

    `width` and `height` are the stored raster, before `orientation` (EXIF 2.32, 4.6.4: 1 to 8)
    is applied. `pixels` is the work of a full decode: all frames, each at the size of the
    canvas it is composed on. `scans` is how often a decoder walks the raster: 1, unless
    it must collect a whole JPEG at full size first, which counts as 2 at least.
    """

    width: int
    height: int
    pixels: int
    frames: int = 1
    orientation: int = 1
    scans: int = 1

    @property
    def displayed(self) -> tuple[int, int]:
        """Width and height as a viewer shows them, orientation applied."""
        return (self.height, self.width) if self.orientation >= 5 else (self.width, self.height)


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """One walk through a file: its outline, and the pieces that are left without metadata.

    The pieces, joined, are the file to store. They may be views of the bytes handed in, so
    writing them over those bytes is only safe after a copy. `clean` is true when nothing had
    to go: the file is to be stored as it came.
    """

    outline: Outline
    pieces: tuple[Data, ...]
    clean: bool

    def stripped(self) -> bytes:
        """The pieces, joined."""
        return b"".join(self.pieces)


class Assembly:
    """Collects what is left of a file, in order; neighbours stay one view, nothing is copied."""

    def __init__(self, view: memoryview) -> None:
        self._view = view
        self._pieces: list[Data] = []
        self._open = (0, 0)  # the range that the next kept bytes may still lengthen
        self._changed = False

    def keep(self, start: int, end: int) -> None:
        """The bytes from `start` to `end` stay."""
        if start == self._open[1]:
            self._open = (self._open[0], end)
            return
        self._flush()
        self._changed = True
        self._open = (start, end)

    def replace(self, start: int, end: int, data: bytes) -> None:
        """`data` stands where the bytes from `start` to `end` stood."""
        if self._view[start:end] == data:
            self.keep(start, end)
            return
        self._flush()
        self._changed = True
        self._pieces.append(data)
        self._open = (end, end)

    def inspection(self, outline: Outline) -> Inspection:
        """The result; nothing may be added any more."""
        clean = not self._changed and self._open == (0, len(self._view))
        self._flush()
        return Inspection(outline=outline, pieces=tuple(self._pieces), clean=clean)

    def _flush(self) -> None:
        start, end = self._open
        if end > start:
            self._pieces.append(self._view[start:end])


class Redaction:
    """A file blanked in place, for formats that point to their parts by offset.

    What is neither kept nor patched becomes zeros; what follows the last of it goes, except
    for the few zeros that writers align a file's end with.
    """

    def __init__(self, view: memoryview) -> None:
        self._view = view
        self._kept: list[tuple[int, int]] = []
        self._patches: list[tuple[int, bytes]] = []

    def keep(self, start: int, end: int) -> None:
        """The bytes from `start` to `end` stay. Ranges may overlap; they must lie in the file."""
        self._kept.append((start, end))

    def patch(self, at: int, data: bytes) -> None:
        """`data` stands at `at`, whatever else is said about these bytes."""
        self._patches.append((at, data))

    def reach(self, end: int) -> None:
        """The file stays at least this long, with zeros where nothing is kept."""
        self._kept.append((end, end))

    def inspection(self, outline: Outline) -> Inspection:
        """The result, as one piece."""
        end = max(at + len(data) for at, data in [*self._patches, *((end, b"") for _, end in self._kept)])
        tail = self._view[end:]
        result = bytearray(end + (len(tail) if len(tail) < _ALIGNMENT and not any(tail) else 0))
        target = memoryview(result)
        for start, end in merged(self._kept):
            target[start:end] = self._view[start:end]
        for at, data in self._patches:
            target[at : at + len(data)] = data
        clean = result == self._view
        return Inspection(outline=outline, pieces=(self._view if clean else target.toreadonly(),), clean=clean)


def merged(ranges: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The same ranges, sorted, without overlaps: what many entries share is copied once."""
    merged: list[tuple[int, int]] = []
    for start, end in sorted(ranges):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def broken(what: str) -> InvalidImage:
    """The error for a file that breaks its format's rules; `what` completes the sentence."""
    return InvalidImage(f"The picture is damaged: {what}.")


def too_many_frames() -> InvalidImage:
    """The error for an animation or a multi-page file past `MAX_FRAMES`."""
    return InvalidImage(f"The picture has more than {MAX_FRAMES:,} frames.")
