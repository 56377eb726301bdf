"""PNG, read so that missing rows are noticed: Pillow takes the end of the data for the end of the picture."""

from __future__ import annotations

from typing import Final

from PIL.PngImagePlugin import PngImageFile

from shoebox.imaging.pillow.sentinel import Sentinel

MIN_NOISE: Final = 16  # pixels of a frame's row; less could be met by chance in one of many frames


class StrictPngFile(PngImageFile):
    """A PNG or APNG whose data must reach the last row of every frame."""

    inverse = False
    _sentinel: Sentinel | None = None

    def load_prepare(self) -> None:
        """Called by Pillow before a frame's data."""
        super().load_prepare()
        extents = self.tile[0].extents
        if extents is None or (self.is_animated and extents[2] - extents[0] < MIN_NOISE):
            return
        self._sentinel = Sentinel(self.im, self.im.mode, self._painted_last(extents), inverse=self.inverse)

    def load_end(self) -> None:
        """Called by Pillow after a frame's data, before the frame is blended into the last one."""
        if self._sentinel:
            self._sentinel.check(self.im)
            self._sentinel = None
        super().load_end()

    def _painted_last(self, extents: tuple[int, int, int, int]) -> tuple[int, int, int, int]:
        left, top, right, bottom = extents
        if not self.info.get("interlace"):
            return (left, bottom - 1, right, bottom)
        # Adam7 ends with the odd rows, or the odd columns where there is one row (PNG 3rd edition, 8.1).
        if bottom - top > 1:
            row = top + (bottom - top) // 2 * 2
            return (left, row - 1, right, row)
        column = left + max(1, (right - left) // 2 * 2)
        return (column - 1, top, column, bottom)
