"""The meta box of an AVIF: which items it has, where their bytes lie, and what they look like.

Sources: ISO/IEC 14496-12, 8.11 (meta, iloc, iinf, iref, iprp); ISO/IEC 23008-12, 6.5
(properties), 6.6 (grids), 9.3 (ispe); AV1 Image File Format, 2.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from shoebox.imaging.metadata.boxes import FREE, Box, Cursor, boxes, neutralise
from shoebox.imaging.structure import Redaction, broken

MAX_ENTRIES: Final = 50_000  # items, extents and properties of items; a tile of a grid has some ten

_PICTURES: Final = frozenset({b"av01", b"grid", b"iovl", b"iden", b"tmap", b"sato"})  # coded and derived images
_CHILDREN: Final = frozenset({b"hdlr", b"pitm", b"iloc", b"iinf", b"iref", b"iprp", b"idat", b"dinf", b"grpl"})
# Descriptions, times and texts that may hang on an item: ISO/IEC 23008-12, 6.5.20 ff. and 6.10.
_NOTES: Final = frozenset({b"udes", b"crtt", b"mdft", b"altt", b"uuid", b"free", b"skip"})


@dataclass(slots=True)
class Item:
    """An item, as far as this file describes it."""

    kind: bytes = b""
    in_idat: bool = False
    extents: list[tuple[int, int]] = field(default_factory=list)
    properties: list[Box] = field(default_factory=list)
    is_thumbnail: bool = False

    @property
    def is_picture(self) -> bool:
        """Whether the item is part of what a viewer shows, and not about it."""
        return self.kind in _PICTURES and not self.is_thumbnail


class Meta:
    """One meta box, read whole; what has to go is marked in the redaction on the way."""

    def __init__(self, view: memoryview, box: Box, redaction: Redaction) -> None:
        self._view = view
        self._redaction = redaction
        self.primary = 0
        self.items: dict[int, Item] = {}
        self._entries: list[tuple[int, Box, int]] = []  # item, its infe box, place of its kind
        self._properties: list[Box] = []
        self._idat: Box | None = None
        self._budget = MAX_ENTRIES
        redaction.keep(box.start, Cursor(view, box.body, box.end).at + 4)
        children = list(boxes(view, box.body + 4, box.end))
        if len({child.kind for child in children if child.kind in _CHILDREN}) != sum(
            child.kind in _CHILDREN for child in children
        ):
            raise broken("a box of the AVIF stands twice")
        for child in children:
            self._read(child)
        self._associate(next((child for child in children if child.kind == b"iprp"), None))
        self._forget()

    def _read(self, box: Box) -> None:
        if box.kind not in _CHILDREN:
            neutralise(box, self._redaction)
            return
        self._redaction.keep(box.start, box.body if box.kind in (b"idat", b"iprp") else box.end)
        self._redaction.reach(box.end)
        if box.kind == b"idat":
            self._idat = box
        elif box.kind == b"pitm":
            cursor, version = self._open(box)
            self.primary = cursor.number(4 if version else 2)
        elif box.kind == b"iloc":
            self._read_locations(box)
        elif box.kind == b"iinf":
            self._read_infos(box)
        elif box.kind == b"iref":
            self._read_references(box)

    def _open(self, box: Box) -> tuple[Cursor, int]:
        """A cursor behind the version and flags of a full box, and the version."""
        cursor = Cursor(self._view, box.body, box.end)
        version = cursor.number(1)
        cursor.skip(3)
        return cursor, version

    def _spend(self, entries: int) -> None:
        self._budget -= entries
        if self._budget < 0:
            raise broken("the AVIF is made of too many pieces")

    def _item(self, number: int) -> Item:
        self._spend(1)
        return self.items.setdefault(number, Item())

    def _read_locations(self, box: Box) -> None:
        cursor, version = self._open(box)
        if version > 2:
            raise broken("the AVIF places its items in a way that nobody knows")
        sizes = cursor.number(2)
        offset_size, length_size, base_size = sizes >> 12, sizes >> 8 & 15, sizes >> 4 & 15
        index_size = sizes & 15 if version else 0
        if not {offset_size, length_size, base_size, index_size} <= {0, 4, 8}:
            raise broken("the AVIF places its items in a way that nobody knows")
        for _ in range(cursor.number(4 if version == 2 else 2)):
            item = self._item(cursor.number(4 if version == 2 else 2))
            method = cursor.number(2) if version else 0
            if method > 1 or item.extents:
                raise broken("the AVIF places its items in a way that nobody knows")
            item.in_idat = method == 1
            cursor.skip(2)
            base = cursor.number(base_size)
            count = cursor.number(2)
            self._spend(count)
            for _ in range(count):
                cursor.skip(index_size)
                start = base + cursor.number(offset_size)
                item.extents.append((start, start + cursor.number(length_size)))

    def _read_infos(self, box: Box) -> None:
        cursor, version = self._open(box)
        cursor.skip(4 if version else 2)
        for entry in boxes(self._view, cursor.at, box.end):
            inner, version = self._open(entry)
            if entry.kind != b"infe" or version not in (2, 3):
                raise broken("the AVIF describes its items in a way that nobody knows")
            number = inner.number(4 if version == 3 else 2)
            inner.skip(2)
            self._entries.append((number, entry, inner.at))
            self._item(number).kind = inner.kind()

    def _read_references(self, box: Box) -> None:
        cursor, version = self._open(box)
        for reference in boxes(self._view, cursor.at, box.end):
            if reference.kind == b"thmb":
                inner = Cursor(self._view, reference.body, reference.end)
                self._item(inner.number(4 if version else 2)).is_thumbnail = True

    def _associate(self, box: Box | None) -> None:
        children = list(boxes(self._view, box.body, box.end)) if box else []
        for child in children:
            self._redaction.keep(child.start, child.body if child.kind == b"ipco" else child.end)
            if child.kind == b"ipco":
                self._properties = list(boxes(self._view, child.body, child.end))
        for child in children:
            if child.kind == b"ipma":
                self._read_associations(child)
        for described in self._properties:
            if described.kind in _NOTES:
                neutralise(described, self._redaction)
            else:
                self._redaction.keep(described.start, described.end)

    def _read_associations(self, box: Box) -> None:
        cursor, version = self._open(box)
        wide = self._view[box.body + 3] & 1
        for _ in range(cursor.number(4)):
            item = self._item(cursor.number(4 if version else 2))
            count = cursor.number(1)
            self._spend(count)
            for _ in range(count):
                index = cursor.number(2) & 0x7FFF if wide else cursor.number(1) & 0x7F
                if index > len(self._properties):
                    raise broken("the AVIF points to a property that it has not")
                if index:
                    item.properties.append(self._properties[index - 1])

    def _forget(self) -> None:
        """Keep the bytes of pictures; take type and names from every other item."""
        if self.primary in self.items:
            self.items[self.primary].is_thumbnail = False
        for item in self.items.values():
            if item.is_picture:
                for start, end in self.places(item):
                    self._redaction.keep(start, end)
        for number, entry, kind in self._entries:
            if not self.items[number].is_picture:
                self._redaction.patch(kind, FREE + bytes(entry.end - kind - len(FREE)))

    def places(self, item: Item) -> list[tuple[int, int]]:
        """Where in the file the bytes of an item lie."""
        base, limit = 0, len(self._view)
        if item.in_idat:
            if self._idat is None:
                raise broken("the AVIF points to data that it has not")
            base, limit = self._idat.body, self._idat.end
        places = [(base + start, base + end) for start, end in item.extents]
        if any(end > limit for _, end in places):
            raise broken("the AVIF is cut off")
        return places
