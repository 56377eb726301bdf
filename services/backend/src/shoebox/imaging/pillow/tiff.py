"""TIFF, read so that what libtiff complains about is noticed, and heard by nobody else."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryFile
from typing import IO, Any, Final

from PIL.TiffImagePlugin import TiffImageFile

_STDERR: Final = 2
_WARNING: Final = b"Warning, "  # libtiff's mark on what it could cope with


class StrictTiffFile(TiffImageFile):
    """A TIFF whose every row libtiff can make sense of.

    For some compressions it paints broken rows white, reports them on descriptor 2, a line
    each, and calls that a success.
    """

    def load(self) -> Any:
        """Decode the page at hand."""
        if not self.tile:
            return super().load()
        with _without_complaints():
            return super().load()


@contextmanager
def _without_complaints() -> Iterator[None]:
    """Keep descriptor 2 for oneself, and raise `OSError` at the end if an error was written to it."""
    kept = os.dup(_STDERR)
    with _scratch() as written:
        os.dup2(written.fileno(), _STDERR)
        try:
            yield
        finally:
            os.dup2(kept, _STDERR)
            os.close(kept)
        written.seek(0)
        if any(_WARNING not in line for line in written):
            raise OSError("libtiff found broken rows")


def _scratch() -> IO[bytes]:
    if hasattr(os, "memfd_create"):
        return os.fdopen(os.memfd_create("libtiff"), "w+b")
    return TemporaryFile()
