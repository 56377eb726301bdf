"""JPEG, read so that missing data is noticed.

libjpeg paints what is missing grey and only warns, and Pillow does not pass warnings on.
"""

from __future__ import annotations

import os
from typing import IO, Final

from PIL.JpegImagePlugin import JpegImageFile

from shoebox.imaging.metadata.jpeg import EOI_SIZE, TAIL
from shoebox.imaging.pillow.sentinel import Sentinel

BLOCK: Final = 1024 * 1024  # bytes fed at a time; at the end of each block libjpeg takes its careful, slow way
WAITING_UNITS: Final = 32  # libjpeg stops this many coded units early at most: it looks 32 bits ahead


class StrictJpegFile(JpegImageFile):
    """A JPEG whose data must reach (nearly) to its last rows.

    All data but the end marker is fed first. A decoder that has everything then waits near
    the last row of coded units (T.81, A.2.3); one that ran out of data waits further up, and
    has not painted what it should have. That works for a single scan; several are collected
    before anything is painted.

    It can also be proven that there is no marker in a single scan's data, if no restart markers
    are announced: a decoder that meets one takes it for the end and paints all rows at once. So
    one that has everything but the tail, and has not painted the last row, has met none.
    """

    single_scan = False  # set by the opener, who has seen the whole file
    supposed = False  # whether nobody has looked for markers in its data, except for the tail
    proven = False  # that there are none
    inverse = False
    _last_row: Sentinel | None = None
    _end = 0
    _sentinel: Sentinel | None = None

    def load_prepare(self) -> None:
        """Called by Pillow before the first data."""
        super().load_prepare()
        self.decodermaxblock = BLOCK
        self._end = self._source().seek(0, os.SEEK_END) - EOI_SIZE
        if self.supposed:
            row = (0, self.height - 1, self.width, self.height)
            self._last_row = Sentinel(self.im, self.mode, row, inverse=self.inverse)
        bottom = self._surely_painted()
        if self.single_scan and bottom > 0:
            self._sentinel = Sentinel(self.im, self.mode, (0, bottom - 1, self.width, bottom), inverse=self.inverse)

    def load_read(self, read_bytes: int) -> bytes:
        """Called by Pillow whenever the decoder has used up what it was given."""
        source = self._source()
        held_back = self._end - source.tell()
        if self._last_row:
            if held_back > TAIL:
                return source.read(min(read_bytes, held_back - TAIL))
            self.proven = self._last_row.stands(self.im)
            self._last_row = None
        if held_back > 0:
            return source.read(min(read_bytes, held_back))
        if self._sentinel:
            self._sentinel.check(self.im)
            self._sentinel = None
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
