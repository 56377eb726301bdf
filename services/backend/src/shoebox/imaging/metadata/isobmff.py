"""AVIF: items and boxes that are not picture are blanked in place; offsets stay.

Sources: ISO/IEC 14496-12, 4.3 (file type), 8.2 to 8.8 (movies, tracks, samples);
ISO/IEC 23008-12, 6 and 7; AV1 Image File Format, 2 and 3.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final

from shoebox.imaging.metadata import av1
from shoebox.imaging.metadata.boxes import MAX_BOXES, Box, box_at, neutralise
from shoebox.imaging.metadata.items import Item, Meta
from shoebox.imaging.metadata.tracks import Track, read_movie
from shoebox.imaging.structure import Inspection, Outline, Redaction, broken

MAX_PICTURES: Final = 2_000  # items; a picture is cut into tiles by dozens

_TOP: Final = frozenset({b"ftyp", b"meta", b"moov", b"mdat"})
# Angle (counter-clockwise, in right angles) and mirror axis of irot and imir to the EXIF
# orientation that shows the same. Rotation comes first (ISO/IEC 23008-12, 6.5.10 and 6.5.12).
_ORIENTATIONS: Final = {
    (0, None): 1, (1, None): 8, (2, None): 3, (3, None): 6,
    (0, 0): 4, (0, 1): 2, (1, 0): 5, (1, 1): 7, (2, 0): 2, (2, 1): 4, (3, 0): 7, (3, 1): 5,
}  # fmt: skip


def inspect(view: memoryview) -> Inspection:
    """Outline and stripped pieces. Raises `InvalidImage` for a file that is cut or broken."""
    redaction = Redaction(view)
    top = list(_top(view))
    if not top or top[0].kind != b"ftyp":
        raise broken("it does not begin as an AVIF")
    found = {kind: [box for box in top if box.kind == kind] for kind in (b"meta", b"moov")}
    if any(len(boxes) > 1 for boxes in found.values()):
        raise broken("a box of the AVIF stands twice")
    for box in _without_tail(top):
        if box.kind not in _TOP:
            neutralise(box, redaction)
        elif box.kind == b"ftyp":
            redaction.keep(box.start, box.end)
        else:
            redaction.keep(box.start, box.body)
            redaction.reach(box.end)
    meta = Meta(view, found[b"meta"][0], redaction) if found[b"meta"] else None
    tracks = read_movie(view, found[b"moov"][0], redaction) if found[b"moov"] else []
    return redaction.inspection(_outline(view, bytes(view[top[0].body : top[0].body + 4]), meta, tracks))


def _top(view: memoryview) -> Iterator[Box]:
    """The boxes of the file. What follows the last whole one is no part of it."""
    at = 0
    for _ in range(MAX_BOXES):
        box = box_at(view, at, len(view))
        if box is None:
            if bytes(view[at + 4 : at + 8]) in _TOP:
                raise broken("the AVIF is cut off")
            return
        yield box
        at = box.end
    raise broken("the AVIF is made of too many boxes")


def _without_tail(top: list[Box]) -> list[Box]:
    """The boxes up to the last that counts: blanks at the end are of no use."""
    last = max(index for index, box in enumerate(top) if box.kind in _TOP)
    return top[: last + 1]


def _outline(view: memoryview, brand: bytes, meta: Meta | None, tracks: list[Track]) -> Outline:
    """The animation where the major brand promises one, else the primary item, as decoders choose."""
    if tracks and brand != b"avif":
        return _animation_outline(view, tracks)
    if meta is None:
        raise broken("the AVIF holds no picture")
    return _still_outline(view, meta)


def _animation_outline(view: memoryview, tracks: list[Track]) -> Outline:
    shown = next((track for track in tracks if not track.is_auxiliary), Track())
    claims = [track.size for track in tracks]
    claims += [av1.largest(view[start:end]) for track in tracks for start, end in track.samples]
    frames = max(len(track.samples) for track in tracks)
    if not frames or not shown.size[0] or not shown.size[1]:
        raise broken("the AVIF holds no picture")
    return Outline(
        width=shown.size[0],
        height=shown.size[1],
        pixels=max(width * height for width, height in claims) * frames,
        frames=frames,
        orientation=_orientation(view, shown.properties),
    )


def _still_outline(view: memoryview, meta: Meta) -> Outline:
    primary = meta.items.get(meta.primary)
    if primary is None or not primary.is_picture:
        raise broken("the AVIF holds no picture")
    pictures = [item for item in meta.items.values() if item.is_picture]
    if len(pictures) > MAX_PICTURES:
        raise broken("the AVIF is made of too many pieces")
    width, height = _grid_size(view, meta, primary) if primary.kind == b"grid" else _extent(view, primary)
    if not width or not height:
        raise broken("the AVIF does not say how large it is")
    claims = [(item, _claim(view, meta, item)) for item in pictures if item.kind == b"av01"]
    # Tiles are decoded one after the other into one raster; an alpha plane comes on top of
    # the picture as it does elsewhere, and is not counted.
    tiles = sum(claim for item, claim in claims if not _has(item, b"auxC"))
    return Outline(
        width=width,
        height=height,
        pixels=max(width * height, tiles, *(claim for _, claim in claims)),
        orientation=_orientation(view, primary.properties),
    )


def _has(item: Item, kind: bytes) -> bool:
    return any(box.kind == kind for box in item.properties)


def _claim(view: memoryview, meta: Meta, item: Item) -> int:
    """Pixels that the file or the bitstream, whichever asks for more, announces for an item."""
    rasters = [_extent(view, item), *(av1.largest(view[start:end]) for start, end in meta.places(item)[:1])]
    return max(width * height for width, height in rasters)


def _extent(view: memoryview, item: Item) -> tuple[int, int]:
    """The ispe property: ISO/IEC 23008-12, 6.5.3."""
    for box in item.properties:
        if box.kind == b"ispe" and box.end - box.body >= 12:
            width, height = struct.unpack_from(">II", view, box.body + 4)
            return width, height
    return 0, 0


def _grid_size(view: memoryview, meta: Meta, item: Item) -> tuple[int, int]:
    """The output size of a grid: ISO/IEC 23008-12, 6.6.2.3."""
    data = b""
    for start, end in meta.places(item):
        data += bytes(view[start : min(end, start + 12 - len(data))])
    fields = ">II" if len(data) == 12 else ">HH"
    if len(data) < 8:
        raise broken("the grid of the AVIF is cut off")
    width, height = struct.unpack_from(fields, data, 4)
    return width, height


def _orientation(view: memoryview, properties: list[Box]) -> int:
    angle, axis = 0, None
    for box in properties:
        if box.kind == b"irot" and box.end > box.body:
            angle = view[box.body] & 3
        elif box.kind == b"imir" and box.end > box.body:
            axis = view[box.body] & 1
    return _ORIENTATIONS[angle, axis]
