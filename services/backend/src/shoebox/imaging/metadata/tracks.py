"""The movie box of an animated AVIF: tracks, and where their samples lie.

Source: ISO/IEC 14496-12, 8.2 (moov, mvhd), 8.3 (trak, tkhd), 8.4 (mdia), 8.5 to 8.7 (sample
tables).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from shoebox.imaging.metadata.boxes import Box, Cursor, boxes, neutralise
from shoebox.imaging.structure import MAX_FRAMES, Redaction, broken, too_many_frames

# Containers, and which of their children a player needs. The rest is notes: udta, meta, uuid, …
_CHILDREN: Final = {
    b"moov": frozenset({b"mvhd", b"trak"}),
    b"trak": frozenset({b"tkhd", b"tref", b"edts", b"mdia"}),
    b"mdia": frozenset({b"mdhd", b"hdlr", b"minf"}),
    b"minf": frozenset({b"vmhd", b"dinf", b"stbl"}),
    b"stbl": frozenset({b"stsd", b"stts", b"stsc", b"stsz", b"stco", b"co64", b"stss", b"ctts", b"cslg", b"sdtp"}),
}
_DATED: Final = frozenset({b"mvhd", b"tkhd", b"mdhd"})  # they begin with the times of creation and change
_PICTURES: Final = frozenset({b"pict", b"auxv", b"vide"})
MAX_TRACKS: Final = 16  # a film has one of colour and one of alpha, and perhaps some of sound
_VISUAL_ENTRY: Final = 78  # bytes of a sample entry before its own boxes: 12.1.3


@dataclass(slots=True)
class Track:
    """One track. `samples` are places in the file, `properties` the boxes of its sample entry."""

    size: tuple[int, int] = (0, 0)
    is_auxiliary: bool = False
    samples: list[tuple[int, int]] = field(default_factory=list)
    properties: list[Box] = field(default_factory=list)


def read_movie(view: memoryview, box: Box, redaction: Redaction) -> list[Track]:
    """The tracks that hold pictures. Everything else in the box is blanked."""
    movie = _Movie(view, redaction)
    children = movie.children(box)
    if sum(child.kind == b"trak" for child in children) > MAX_TRACKS:
        raise broken("the AVIF has too many tracks")
    for child in children:
        if child.kind == b"trak":
            movie.read_track(child)
        else:
            movie.keep(child)
    return movie.tracks


class _Movie:
    def __init__(self, view: memoryview, redaction: Redaction) -> None:
        self._view = view
        self._redaction = redaction
        self.tracks: list[Track] = []

    def children(self, box: Box) -> list[Box]:
        """The children that count; the container's header stays, its other children are blanked."""
        self._redaction.keep(box.start, box.body)
        inner = list(boxes(self._view, box.body, box.end))
        for child in inner:
            if child.kind not in _CHILDREN[box.kind]:
                neutralise(child, self._redaction)
        return [child for child in inner if child.kind in _CHILDREN[box.kind]]

    def keep(self, box: Box) -> None:
        """Keep a box as it is, but for the times in it."""
        self._redaction.keep(box.start, box.end)
        if box.kind in _DATED:
            cursor = self._open(box)
            size = 16 if self._view[box.body] else 8
            self._redaction.patch(cursor.at, bytes(size))
            cursor.skip(size)

    def read_track(self, box: Box) -> None:
        """Read a track, or blank it when it holds no pictures."""
        leaves = self._leaves(box)
        handler = leaves.get(b"hdlr")
        if handler is None or bytes(self._view[handler.body + 8 : handler.body + 12]) not in _PICTURES:
            neutralise(box, self._redaction)
            return
        self._keep_tree(box)
        track = Track(samples=self._samples(leaves), is_auxiliary=b"auxl" in self._references(leaves))
        if b"tkhd" in leaves:
            cursor = Cursor(self._view, leaves[b"tkhd"].end - 8, leaves[b"tkhd"].end)
            track.size = (cursor.number(4) >> 16, cursor.number(4) >> 16)
        if b"stsd" in leaves:
            track.properties = self._properties(leaves[b"stsd"])
        for start, end in track.samples:
            self._redaction.keep(start, end)
        self.tracks.append(track)

    def _leaves(self, box: Box) -> dict[bytes, Box]:
        """The boxes of a track by kind, those in its containers too."""
        found: dict[bytes, Box] = {}
        for child in boxes(self._view, box.body, box.end):
            if child.kind not in _CHILDREN[box.kind]:
                continue
            inner = self._leaves(child) if child.kind in _CHILDREN else {child.kind: child}
            if not found.keys().isdisjoint(inner):
                raise broken("a box of the AVIF stands twice")
            found |= inner
        return found

    def _keep_tree(self, box: Box) -> None:
        for child in self.children(box):
            if child.kind in _CHILDREN:
                self._keep_tree(child)
            else:
                self.keep(child)

    def _open(self, box: Box) -> Cursor:
        cursor = Cursor(self._view, box.body, box.end)
        cursor.skip(4)
        return cursor

    def _references(self, leaves: dict[bytes, Box]) -> set[bytes]:
        box = leaves.get(b"tref")
        return {child.kind for child in boxes(self._view, box.body, box.end)} if box else set()

    def _properties(self, box: Box) -> list[Box]:
        cursor = self._open(box)
        cursor.skip(4)
        entries = list(boxes(self._view, cursor.at, box.end))
        if not entries or entries[0].body + _VISUAL_ENTRY > entries[0].end:
            raise broken("a track of the AVIF describes no pictures")
        return list(boxes(self._view, entries[0].body + _VISUAL_ENTRY, entries[0].end))

    def _samples(self, leaves: dict[bytes, Box]) -> list[tuple[int, int]]:
        """Where each sample lies: sizes in order, laid out in chunks (8.7)."""
        sizes = self._sizes(leaves)
        offsets = self._offsets(leaves)
        runs = self._runs(leaves)
        samples: list[tuple[int, int]] = []
        for number, offset in enumerate(offsets, start=1):
            count = next((count for first, count in reversed(runs) if first <= number), 0)
            at = offset
            for size in sizes[len(samples) : len(samples) + count]:
                samples.append((at, at + size))
                at += size
        if len(samples) != len(sizes) or any(end > len(self._view) for _, end in samples):
            raise broken("frames of the AVIF are missing")
        return samples

    def _sizes(self, leaves: dict[bytes, Box]) -> list[int]:
        cursor = self._table(leaves, b"stsz")
        common, count = cursor.number(4), cursor.number(4)
        if count > MAX_FRAMES:
            raise too_many_frames()
        return [common or cursor.number(4) for _ in range(count)]

    def _offsets(self, leaves: dict[bytes, Box]) -> list[int]:
        kind, size = (b"co64", 8) if b"co64" in leaves else (b"stco", 4)
        cursor = self._table(leaves, kind)
        count = cursor.number(4)
        if count > MAX_FRAMES:
            raise too_many_frames()
        return [cursor.number(size) for _ in range(count)]

    def _runs(self, leaves: dict[bytes, Box]) -> list[tuple[int, int]]:
        """From which chunk on there are how many samples in a chunk."""
        cursor = self._table(leaves, b"stsc")
        count = cursor.number(4)
        if count > MAX_FRAMES:
            raise too_many_frames()
        triples = [(cursor.number(4), cursor.number(4), cursor.number(4)) for _ in range(count)]
        return [(first, samples) for first, samples, _ in triples]

    def _table(self, leaves: dict[bytes, Box], kind: bytes) -> Cursor:
        if kind not in leaves:
            raise broken("a track of the AVIF does not say where its frames are")
        return self._open(leaves[kind])
