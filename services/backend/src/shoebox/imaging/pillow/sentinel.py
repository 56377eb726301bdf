"""Seeing that a decoder painted nothing where it should have.

Decoders that run out of data leave the rest of a raster as it was. So the end of a row that is
painted late is filled with noise before; noise that is still there afterwards means missing data.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import Any, Final

from PIL import Image

WIDEST: Final = 64  # pixels; a row is painted whole or not at all, so its end tells as much as all of it
_KEPT: Final = 64  # noises: of each mode, some widths


class Unpainted(OSError):
    """The noise is still there. A tiny picture may show it by chance, but not its inverse too."""


class Sentinel:
    """Noise at the end of `row`, a box one pixel high, in a raster that is about to be decoded.

    `core` is Pillow's raw raster.
    """

    def __init__(self, core: Any, mode: str, row: tuple[int, int, int, int], *, inverse: bool) -> None:
        left, self._top, self._right, bottom = row
        self._left = max(left, self._right - WIDEST)
        self._noise = _noise(mode, self._right - self._left, inverse=inverse)
        core.paste(self._noise.im, (self._left, self._top, self._right, bottom))

    def check(self, core: Any) -> None:
        """Raise `Unpainted` if the raster still holds all of the noise."""
        if self.stands(core):
            raise Unpainted("the data ends before the picture does")

    def stands(self, core: Any) -> bool:
        """Whether the raster still holds all of the noise."""
        noise = self._noise.im
        # The first pixel nearly always differs, so this is faster than comparing rows.
        return all(
            core.getpixel((x, self._top)) == noise.getpixel((x - self._left, 0)) for x in range(self._left, self._right)
        )


@lru_cache(maxsize=_KEPT)
def _noise(mode: str, width: int, *, inverse: bool) -> Image.Image:
    length = len(Image.new(mode, (width, 1)).tobytes())
    noise = hashlib.shake_128(b"nothing here").digest(length)
    return Image.frombytes(mode, (width, 1), bytes(255 - byte for byte in noise) if inverse else noise)
