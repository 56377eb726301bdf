"""ZIP archives of any number of files, written front to back.

`zipfile` keeps four tenths of a kilobyte in memory for every file until the archive is
closed. Here the directory is kept in a file. All sizes stand before the bytes they are of, so
that what reads an archive from a pipe can read these too.

Source: PKWARE, APPNOTE.TXT 6.3.10, 4.3 General Format and 4.5.3 Zip64.
"""

from __future__ import annotations

import struct
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import IO, BinaryIO, Final

BLOCK: Final = 256 * 1024  # bytes a copy
IN_MEMORY: Final = 8 * 1024 * 1024  # bytes of a file; a larger one is set aside on disk for its checksum
_MANY: Final = 0xFFFF  # entries, and
_FAR: Final = 0xFFFFFFFF  # bytes, from which on a field says that the number stands elsewhere
_STORED: Final = 0
_DEFLATED: Final = 8
_MODE: Final = 0o100644 << 16  # a regular file, when it is unpacked on Unix
_PLAIN: Final = 20  # 2.0, the version that has folders and compression
_ZIP64: Final = 45
_UNIX: Final = 3 << 8
_NO_TIME: Final = datetime(1980, 1, 1, tzinfo=UTC)


class ZipWriter:
    """One archive. `file` need not be seekable; `place` bytes stand before the archive in it.
    Names are ASCII paths."""

    def __init__(self, file: BinaryIO, directory: IO[bytes], *, place: int = 0) -> None:
        self._file = file
        self._directory = directory
        self._place = place
        self._count = 0

    def add(self, name: str, source: IO[bytes], modified: datetime | None = None) -> None:
        """A file as it is: pictures are compressed already."""
        with tempfile.SpooledTemporaryFile(IN_MEMORY) as data:
            size, check = 0, 0
            while block := source.read(BLOCK):
                size, check = size + len(block), zlib.crc32(block, check)
                data.write(block)
            self._write(_Entry(name, modified, _STORED, check, packed=size, size=size), data)

    def add_text(self, name: str, source: IO[bytes]) -> None:
        """A file, compressed."""
        with tempfile.TemporaryFile() as data:
            size, check, packing = 0, 0, zlib.compressobj(wbits=-15)
            while block := source.read(BLOCK):
                size, check = size + len(block), zlib.crc32(block, check)
                data.write(packing.compress(block))
            data.write(packing.flush())
            self._write(_Entry(name, None, _DEFLATED, check, packed=data.tell(), size=size), data)

    def _write(self, entry: _Entry, data: IO[bytes]) -> None:
        self._directory.write(entry.in_directory(self._place))
        self._count += 1
        self._put(entry.before_data())
        data.seek(0)
        while block := data.read(BLOCK):
            self._put(block)

    def _put(self, data: bytes) -> None:
        self._file.write(data)
        self._place += len(data)

    def finish(self) -> None:
        """The directory, without which it is no archive."""
        start = self._place
        self._directory.seek(0)
        while block := self._directory.read(BLOCK):
            self._put(block)
        end, count = self._place, self._count
        if count >= _MANY or end >= _FAR:
            sizes = struct.pack("<QQQQ", count, count, end - start, start)
            self._put(struct.pack("<IQHHII", 0x06064B50, 44, _UNIX | _ZIP64, _ZIP64, 0, 0) + sizes)
            self._put(struct.pack("<IIQI", 0x07064B50, 0, end, 1))
        shown = min(count, _MANY), min(count, _MANY), min(end - start, _FAR), min(start, _FAR)
        self._put(struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, *shown, 0))


class _Entry:
    """What an archive says of a file, twice."""

    def __init__(
        self, name: str, modified: datetime | None, method: int, check: int, *, packed: int, size: int
    ) -> None:
        self._name = name.encode("ascii")
        # What a ZIP can say: two-second steps from 1980 to 2107.
        at = modified if modified is not None and 1980 <= modified.year <= 2107 else _NO_TIME
        self._time = at.hour << 11 | at.minute << 5 | at.second // 2
        self._date = (at.year - 1980) << 9 | at.month << 5 | at.day
        self._method = method
        self._check = check
        self._sizes = packed, size

    def before_data(self) -> bytes:
        """The local file header (4.3.7)."""
        large = max(self._sizes) >= _FAR
        extra = struct.pack("<HHQQ", 1, 16, *reversed(self._sizes)) if large else b""
        return struct.pack("<I", 0x04034B50) + self._common(large=large, extra=extra) + self._name + extra

    def in_directory(self, place: int) -> bytes:
        """The entry of the central directory (4.3.12)."""
        large = max(self._sizes) >= _FAR
        numbers = [*reversed(self._sizes)] * large + [place] * (place >= _FAR)
        extra = struct.pack(f"<HH{len(numbers)}Q", 1, 8 * len(numbers), *numbers) if numbers else b""
        return (
            struct.pack("<IH", 0x02014B50, _UNIX | _ZIP64)
            + self._common(large=bool(numbers), extra=extra)
            + struct.pack("<HHHII", 0, 0, 0, _MODE, min(place, _FAR))
            + self._name
            + extra
        )

    def _common(self, *, large: bool, extra: bytes) -> bytes:
        packed, size = (_FAR, _FAR) if max(self._sizes) >= _FAR else self._sizes
        return struct.pack(
            "<HHHHHIIIHH",
            _ZIP64 if large else _PLAIN,
            0,
            self._method,
            self._time,
            self._date,
            self._check,
            packed,
            size,
            len(self._name),
            len(extra),
        )


@contextmanager
def zipped(file: BinaryIO, *, place: int = 0) -> Iterator[ZipWriter]:
    """An archive that is whole at the end of the block."""
    with tempfile.TemporaryFile() as directory:
        writer = ZipWriter(file, directory, place=place)
        yield writer
        writer.finish()
