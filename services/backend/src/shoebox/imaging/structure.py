"""What a picture file says about itself, read before anything is decoded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from shoebox.domain.errors import InvalidImage

# A caller may hand in a `memoryview` of an mmap; what comes back then keeps that mmap open.

Data = bytes | memoryview

# Frames of an animation or pages of a TIFF: more is a bomb, not a picture (contract, section 4).
MAX_FRAMES: Final = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """The claims of a file's headers: what a decoder would have to make room for.

    `width` and `height` are the stored raster, before `orientation` (EXIF 2.32, 4.6.4: 1 to 8)
    is applied. `pixels` is the work of a full decode: all frames, each at the size of the
    canvas it is composed on. `scans` is how often a decoder walks the raster (progressive
    JPEG: more than 1, and then the whole raster is held in memory at full size).
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


def broken(what: str) -> InvalidImage:
    """The error for a file that breaks its format's rules; `what` completes the sentence."""
    return InvalidImage(f"The picture is damaged: {what}.")
