"""JPEG, read so that missing data is noticed.

libjpeg paints what is missing grey and only warns, and Pillow does not pass warnings on.
"""

from __future__ import annotations

import os
from typing import IO, Final

from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile

EOI_SIZE: Final = 2  # bytes of the end marker, with which every stripped JPEG ends
WAITING_UNITS: Final = 32  # libjpeg stops this many coded units early at most: it looks 32 bits ahead
SENTINEL_ROWS: Final = 8  # enough that even a picture one pixel wide cannot match by chance


class StrictJpegFile(JpegImageFile):
    """A JPEG whose data must reach (nearly) to its last rows.

    All data but the end marker is fed first. A decoder that has everything then waits near
    the last row of coded units (T.81, A.2.3); one that ran out of data waits further up, and
    rows that should be painted still hold the random pattern they were filled with. That
    works for a single scan; several are collected before anything is painted.
    """

    single_scan = False  # set by the opener, who has seen the whole file
    _end = 0
    _box = (0, 0, 0, 0)
    _pattern = b""

    def load_prepare(self) -> None:
        """Called by Pillow before the first data."""
        super().load_prepare()
        self._end = self._source().seek(0, os.SEEK_END) - EOI_SIZE
        bottom = self._surely_painted() if self.single_scan else 0
        if bottom < 1:
            return
        self._box = (0, max(0, bottom - SENTINEL_ROWS), self.width, bottom)
        size = (self.width, bottom - self._box[1])
        pattern = Image.frombytes(self.mode, size, os.urandom(size[0] * size[1] * len(self.getbands())))
        self.im.paste(pattern.im, self._box)
        self._pattern = pattern.tobytes()

    def load_read(self, read_bytes: int) -> bytes:
        """Called by Pillow whenever the decoder has used up what it was given."""
        source = self._source()
        held_back = self._end - source.tell()
        if held_back > 0:
            return source.read(min(read_bytes, held_back))
        if self._pattern and self._shows_pattern():
            raise OSError("JPEG data ends before the picture does")
        self._pattern = b""
        return source.read(read_bytes)

    def _source(self) -> IO[bytes]:
        if self.fp is None:
            raise ValueError("the file is closed")
        return self.fp

    def _surely_painted(self) -> int:
        """How many rows are written by the time a decoder waits for the end marker.

        One row of units is added to what may wait: upsampling looks ahead into it.
        """
        scale = self.decoderconfig[0] if self.decoderconfig else 1
        unit_width = 8 * max(layer[1] for layer in self.layer)
        unit_height = 8 * max(layer[2] for layer in self.layer)
        across = -(-self.width * scale // unit_width)
        down = -(-self.height * scale // unit_height)
        return (down - 1 - -(-WAITING_UNITS // across)) * unit_height // scale

    def _shows_pattern(self) -> bool:
        size = (self._box[2] - self._box[0], self._box[3] - self._box[1])
        band = Image.new(self.mode, size)
        band.im.paste(self.im.crop(self._box), (0, 0, *size))
        return band.tobytes() == self._pattern
