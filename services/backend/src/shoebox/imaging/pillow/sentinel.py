"""Seeing that a decoder painted nothing where it should have.

Decoders that run out of data leave the rest of a raster as it was. So a row that is painted
late is filled with noise before; noise that is still there afterwards means missing data.
"""

from __future__ import annotations

import hashlib
from typing import Any

from PIL import Image


class Unpainted(OSError):
    """The noise is still there. A tiny picture may show it by chance, but not its inverse too."""


class Sentinel:
    """Noise in a box of a raster that is about to be decoded. `core` is Pillow's raw raster."""

    def __init__(self, core: Any, mode: str, box: tuple[int, int, int, int], *, inverse: bool) -> None:
        self._mode = mode
        self._box = box
        self._size = (box[2] - box[0], box[3] - box[1])
        length = len(Image.new(mode, self._size).tobytes())
        noise = hashlib.shake_128(b"nothing here").digest(length)
        if inverse:
            noise = bytes(255 - byte for byte in noise)
        painted = Image.frombytes(mode, self._size, noise)
        core.paste(painted.im, box)
        self._noise = painted.tobytes()

    def check(self, core: Any) -> None:
        """Raise `Unpainted` if the raster still holds all of the noise."""
        band = Image.new(self._mode, self._size)
        band.im.paste(core.crop(self._box), (0, 0, *self._size))
        if band.tobytes() == self._noise:
            raise Unpainted("the data ends before the picture does")
