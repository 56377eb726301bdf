"""The codec that works in the calling process.

What crashes or hangs here takes its process along, so uploads go through `imaging.remote`,
which has this done in a decoder process.
"""

from __future__ import annotations

import errno
import hashlib
import logging
import os
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import BinaryIO, Final, TypeVar

from shoebox.domain.errors import InvalidImage, ShoeboxError, StorageFull, Unavailable
from shoebox.domain.image import GALLERY_WIDTH, Facts, Format
from shoebox.imaging import pillow
from shoebox.imaging.metadata import inspect, suppose
from shoebox.imaging.sniff import HEAD, sniff
from shoebox.imaging.structure import Outline
from shoebox.ports import Examined, Staged

log = logging.getLogger(__name__)

_Result = TypeVar("_Result")

LARGE_RASTER: Final = 48 * 1024**2  # bytes; one in every decoder at once still fits a small host
MAX_SIDE: Final = 1_000_000  # pixels: a raster costs 16 bytes a row besides its pixels, and nothing can show more
MAX_SCANNED: Final = 2_400_000_000  # JPEG pixels x scans: 200 megapixels in 12 scans; more is a bomb


@dataclass(frozen=True, slots=True, kw_only=True)
class PixelLimits:
    """How many pixels a picture may have, all frames together."""

    max_pixels: int
    max_jpeg_pixels: int  # JPEG is decoded at reduced size, so more is affordable


class PillowCodec:
    """`ports.ImageCodec` on Pillow. Not bounded in time: its caller is.

    `alone` makes a context that is held while a large raster is decoded, so that a host
    decodes one of them at a time.
    """

    def __init__(
        self,
        limits: PixelLimits,
        *,
        keep_metadata: bool = False,
        alone: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        self._limits = limits
        self._keep_metadata = keep_metadata
        self._alone = alone

    def examine(self, staged: Staged) -> Examined:
        """As `ports.ImageCodec.examine`. A picture that is refused is left as it was."""
        return self.examine_file(staged.fileno())

    def thumbnail(self, picture: BinaryIO, width: int) -> bytes:
        """As `ports.ImageCodec.thumbnail`. Reads from the current position to the end."""
        return self._scale(picture.read(), width)

    def examine_file(self, fd: int) -> Examined:
        """`examine` for an open file, readable and writable, whatever its position."""
        try:
            return self._examine(fd, supposing=True)
        except _NotSoError:
            return self._examine(fd, supposing=False)

    def _examine(self, fd: int, *, supposing: bool) -> Examined:
        received = _read(fd)
        source = self._source(received, supposing=supposing)
        # What is decoded is what will be served: metadata never meets Pillow's parsers.
        served = received if self._keep_metadata else source.data
        rewrite = served is not received
        size, sha256 = len(served), hashlib.sha256(served).hexdigest()
        del received, served  # up to 20 MiB that the decoder's memory limit would count
        try:
            decoded = self._decoded(source, lambda: pillow.decode(source, GALLERY_WIDTH))
        except InvalidImage:
            _confirm(source)
            raise
        if not decoded.proven:
            _confirm(source)
        if rewrite:
            _replace(fd, source.data)
        width, height = source.outline.displayed
        facts = Facts(format=source.format, width=width, height=height, size=size, sha256=sha256, color=decoded.color)
        return Examined(facts=facts, thumbnail=decoded.thumbnail)

    def thumbnail_file(self, fd: int, width: int) -> bytes:
        """`thumbnail` for an open file, whatever its position."""
        return self._scale(_read(fd), width)

    def _scale(self, data: bytes, width: int) -> bytes:
        source = self._source(data)
        return self._decoded(source, lambda: pillow.scaled(source, width))

    def _source(self, data: bytes, *, supposing: bool = False) -> pillow.Source:
        """The file without its metadata, its limits checked."""
        image_format = sniff(data[:HEAD])
        supposed = _guarded(image_format, lambda: suppose(image_format, data)) if supposing else None
        inspection = supposed or _guarded(image_format, lambda: inspect(image_format, data))
        self._check(image_format, inspection.outline)
        stripped = data if inspection.clean else inspection.stripped()
        return pillow.Source(
            format=image_format, data=stripped, outline=inspection.outline, supposed=supposed is not None
        )

    def _check(self, image_format: Format, outline: Outline) -> None:
        limit = self._limits.max_jpeg_pixels if image_format is Format.JPEG else self._limits.max_pixels
        if outline.pixels > limit:
            raise InvalidImage(f"The picture has {outline.pixels:,} pixels, more than the limit of {limit:,}.")
        if max(outline.displayed) > MAX_SIDE:
            raise InvalidImage(f"The picture is more than {MAX_SIDE:,} pixels wide or tall.")
        if outline.pixels * outline.scans > MAX_SCANNED:
            raise InvalidImage("The picture asks for more decoding work than a picture needs.")

    def _decoded(self, source: pillow.Source, decode: Callable[[], _Result]) -> _Result:
        large = raster_bytes(source.format, source.outline) > LARGE_RASTER
        with self._alone() if large else nullcontext():
            return _guarded(source.format, decode)


def raster_bytes(image_format: Format, outline: Outline) -> int:
    """About how much memory one frame takes to decode."""
    pixels = outline.width * outline.height
    if image_format is Format.JPEG:
        # One scan is decoded in reduced size, line by line; several are collected as
        # coefficients first: 2 bytes each, three components, at full size.
        return pixels * 6 if outline.scans > 1 else pixels // 16
    # libwebp and libavif hold a frame up to four times: planes, canvas, copy, raster.
    return pixels * (16 if image_format in {Format.WEBP, Format.AVIF} else 4)


class _NotSoError(Exception):
    """What was supposed of a file is not so, or cannot be told."""


def _confirm(source: pillow.Source) -> None:
    """See for ourselves what the decoder could not prove. Raises `_NotSoError`."""
    if not source.supposed:
        return
    try:
        seen = inspect(source.format, source.data)
    except InvalidImage as error:
        raise _NotSoError from error
    if not seen.clean or seen.outline != source.outline:
        raise _NotSoError


def _guarded(image_format: Format, decode: Callable[[], _Result]) -> _Result:
    """Whatever a decoder raises (ValueError, SyntaxError, struct.error, …) is the file's fault."""
    try:
        return decode()
    except ShoeboxError:
        raise
    except Exception as error:
        log.warning("decoder refused", extra={"format": image_format.name, "error": type(error).__name__})
        raise InvalidImage("The picture is damaged or incomplete: it cannot be decoded.") from error


def _read(fd: int) -> bytes:
    size = os.fstat(fd).st_size
    data = os.pread(fd, size, 0)
    if len(data) != size:
        raise Unavailable("The received file could not be read back.")
    return data


def _replace(fd: int, data: bytes) -> None:
    rest = memoryview(data)
    try:
        while rest:
            rest = rest[os.pwrite(fd, rest, len(data) - len(rest)) :]
        os.ftruncate(fd, len(data))
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise StorageFull("The disk has no room left for this file.") from error
        raise Unavailable("The received file could not be written.") from error
