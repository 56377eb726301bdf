"""TIFF: what no kept tag points to becomes zeros; tags that do not describe the raster go.

Offsets stay, so pixel data is not moved. Sources: TIFF 6.0, sections 2, 8 and 15; Technical
Notes 1 (SubIFDs) and 2 (JPEG) to it; EXIF 2.32, 4.6 for what hides in private directories.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from typing import Final

from shoebox.domain.errors import UnsupportedFormat
from shoebox.imaging.metadata import jpeg
from shoebox.imaging.metadata.ifd import Directory, Entry, Reader, chain
from shoebox.imaging.structure import MAX_FRAMES, Inspection, Outline, Redaction, broken, merged, too_many_frames

MAX_STRIPS: Final = 200_000  # of all pages together; a tall scan has one for each of its rows
MAX_SAMPLES: Final = 64  # of one pixel; pictures have up to 5, and decoders draw no more

_SUBFILE, _OLD_SUBFILE, _WIDTH, _HEIGHT, _BITS, _COMPRESSION = 254, 255, 256, 257, 258, 259
_STRIPS, _ORIENTATION, _SAMPLES, _ROWS, _STRIP_SIZES, _PLANES = 273, 274, 277, 278, 279, 284
_TILE_WIDTH, _TILE_HEIGHT, _TILES, _TILE_SIZES, _SUB_IFDS, _JPEG_TABLES = 322, 323, 324, 325, 330, 347
_DNG_VERSION: Final = 50706
_RAW_DATA, _OLD_JPEG, _JPEG = 1, 6, 7

# What a decoder needs to draw the raster and a viewer to size and colour it. Everything else
# says who made it, when, where and with what.
_KEPT: Final = frozenset(
    {_SUBFILE, _OLD_SUBFILE, _WIDTH, _HEIGHT, _BITS, _COMPRESSION, _STRIPS, _ORIENTATION, _SAMPLES, _ROWS}
    | {_STRIP_SIZES, _PLANES, _TILE_WIDTH, _TILE_HEIGHT, _TILES, _TILE_SIZES, _JPEG_TABLES}
    | {262, 266, 280, 281, 282, 283, 286, 287, 296, 297}  # photometric, fill order, range, resolution, position
    | {290, 291, 292, 293, 301, 317, 318, 319, 320, 321}  # grey response, fax options, predictor, colour map
    | {326, 327, 328, 332, 334, 336, 338, 339, 340, 341, 342}  # fax damage, inks, extra samples, sample format
    | {529, 530, 531, 532, 32995, 32996, 32997, 32998, 34675, 37439, 50674}  # YCbCr, depth, ICC, LogLuv, LERC
)


@dataclass(frozen=True, slots=True)
class _Page:
    """A directory and those of its tags that stay, by number."""

    directory: Directory
    tags: dict[int, Entry]


def inspect(view: memoryview) -> Inspection:
    """Outline and stripped pieces. Raises `InvalidImage` for a file that is cut or broken,
    `UnsupportedFormat` for a camera's raw file, whose real picture no viewer would show.
    """
    reader = Reader(view)
    directories = list(chain(reader, MAX_FRAMES))
    if len(directories) > MAX_FRAMES:
        raise too_many_frames()
    if not directories:
        raise broken("the TIFF holds no picture")
    every = [_page(directory) for directory in directories]
    _refuse_raw(reader, every[0])
    pages = [every[0], *(page for page in every[1:] if not _is_preview(reader, page))]
    return _Pages(reader, pages).inspection()


def _page(directory: Directory) -> _Page:
    kept = [entry for entry in directory.entries if entry.tag in _KEPT and entry.size]
    tags = {entry.tag: entry for entry in kept}
    if len(tags) != len(kept):
        raise broken("a tag of the TIFF stands twice")
    return _Page(directory, tags)


def _is_preview(reader: Reader, page: _Page) -> bool:
    """Whether a page is a smaller copy of another one."""
    return bool(_number(reader, page, _SUBFILE, 0) & 1) or _number(reader, page, _OLD_SUBFILE, 0) == 2


def _refuse_raw(reader: Reader, first: _Page) -> None:
    tags = {entry.tag for entry in first.directory.entries}
    if _DNG_VERSION in tags or (_SUB_IFDS in tags and _is_preview(reader, first)):
        raise UnsupportedFormat("This TIFF is a camera's raw file. Export it as JPEG or TIFF first.")


def _number(reader: Reader, page: _Page, tag: int, default: int) -> int:
    entry = page.tags.get(tag)
    return reader.numbers(entry, 1)[0] if entry else default


class _Pages:
    """The pages that stay, and what of the file they need."""

    def __init__(self, reader: Reader, pages: list[_Page]) -> None:
        self._reader = reader
        self._pages = pages
        self._redaction = Redaction(reader.view)
        self._kept: list[tuple[int, int]] = []
        self._strips = 0

    def inspection(self) -> Inspection:
        """Outline and pieces."""
        self._keep(0, self._reader.header)
        sizes = [self._size(page) for page in self._pages]
        for page, size in zip(self._pages, sizes, strict=True):
            self._keep_values(page)
            self._keep_raster(page, size)
        self._check_tables()
        followers = [page.directory.at for page in self._pages[1:]]
        for page, following in zip(self._pages, [*followers, 0], strict=True):
            self._place_table(page, following)
        orientation = _number(self._reader, self._pages[0], _ORIENTATION, 1)
        return self._redaction.inspection(
            Outline(
                width=sizes[0][0],
                height=sizes[0][1],
                pixels=sum(width * height for width, height in sizes),
                frames=len(sizes),
                orientation=orientation if 1 <= orientation <= 8 else 1,
            )
        )

    def _keep(self, start: int, end: int) -> None:
        if end > len(self._reader.view):
            raise broken("the TIFF is cut off")
        self._kept.append((start, end))
        self._redaction.keep(start, end)

    def _size(self, page: _Page) -> tuple[int, int]:
        width, height = (_number(self._reader, page, tag, 0) for tag in (_WIDTH, _HEIGHT))
        if not width or not height:
            raise broken("a page of the TIFF has no size")
        return width, height

    def _keep_values(self, page: _Page) -> None:
        for entry in page.tags.values():
            if not self._reader.is_inline(entry):
                self._keep(entry.value, entry.value + entry.size)

    def _keep_raster(self, page: _Page, size: tuple[int, int]) -> None:
        compression = _number(self._reader, page, _COMPRESSION, _RAW_DATA)
        if compression == _OLD_JPEG:
            raise broken("it uses the JPEG of TIFF 6.0, which was withdrawn")
        places = [*self._places(page, size, _STRIPS, _STRIP_SIZES), *self._places(page, size, _TILES, _TILE_SIZES)]
        if not places:
            raise broken("a page of the TIFF has no pixels")
        for start, end in places:
            self._keep(start, end)
        if compression == _JPEG:
            self._blank_comments(places)

    def _places(self, page: _Page, size: tuple[int, int], offsets: int, sizes: int) -> list[tuple[int, int]]:
        """Where the strips or tiles of a page lie.

        Decoders do not believe the sizes of uncompressed ones, which are often wrong: as much
        as the raster needs is kept then, as far as the file goes.
        """
        if offsets not in page.tags:
            return []
        self._strips += page.tags[offsets].count
        if self._strips > MAX_STRIPS:
            raise broken("the TIFF is made of too many pieces")
        starts = self._reader.numbers(page.tags[offsets], MAX_STRIPS)
        announced = self._reader.numbers(page.tags[sizes], len(starts)) if sizes in page.tags else ()
        if _number(self._reader, page, _COMPRESSION, _RAW_DATA) != _RAW_DATA:
            if len(announced) < len(starts) or not all(announced):  # decoders would guess then
                raise broken("the TIFF does not say where its pixels end")
            return [(start, start + length) for start, length in zip(starts, announced, strict=False)]
        needed = self._needed(page, size, len(starts), tiled=offsets == _TILES)
        lengths = [*announced, *([0] * len(starts))]
        limit = len(self._reader.view)
        places = []
        for start, length, need in zip(starts, lengths, needed, strict=False):
            if start + min(length or need, need) > limit:
                raise broken("the TIFF is cut off")
            places.append((start, min(start + max(length, need), limit)))
        return places

    def _needed(self, page: _Page, size: tuple[int, int], count: int, *, tiled: bool) -> list[int]:
        """Bytes of each strip or tile when it is not compressed (TIFF 6.0, sections 3 and 15)."""
        bits = self._reader.numbers(page.tags[_BITS], MAX_SAMPLES) if _BITS in page.tags else (1,)
        samples = _number(self._reader, page, _SAMPLES, 1)
        depth = max(bits) if _number(self._reader, page, _PLANES, 1) == 2 else max(sum(bits), bits[0] * samples)
        if tiled:
            row = _number(self._reader, page, _TILE_WIDTH, size[0]) * depth
            return [(row + 7) // 8 * _number(self._reader, page, _TILE_HEIGHT, size[1])] * count
        rows = min(_number(self._reader, page, _ROWS, size[1]), size[1]) or size[1]
        strips = -(-size[1] // rows)
        row = (size[0] * depth + 7) // 8
        return [row * min(rows, size[1] - index % strips * rows) for index in range(count)]

    def _blank_comments(self, streams: list[tuple[int, int]]) -> None:
        behind = 0
        for start, end in sorted(streams):
            if start >= behind:  # strips that overlap would be walked again and again
                for first, last in jpeg.comments(self._reader.view[start:end]):
                    self._redaction.patch(start + first, bytes(last - first))
                behind = end

    def _place_table(self, page: _Page, following: int) -> None:
        """Write the shortened table where the long one was, if nothing else is meant to be there."""
        entries = [entry for entry in page.directory.entries if page.tags.get(entry.tag) is entry]
        self._redaction.patch(page.directory.at, self._reader.table(entries, following))

    def _check_tables(self) -> None:
        """A table that grows shorter must not pull other bytes along."""
        tables = sorted((page.directory.at, page.directory.end) for page in self._pages)
        ranges = merged(self._kept)
        for index, (start, end) in enumerate(tables):
            before = bisect_left(ranges, (end, 0)) - 1
            if (before >= 0 and ranges[before][1] > start) or (index and tables[index - 1][1] > start):
                raise broken("parts of the TIFF lie upon each other")
