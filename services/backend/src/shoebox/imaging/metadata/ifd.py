"""Image file directories: the tables a TIFF is made of, classic and BigTIFF.

Sources: TIFF 6.0, section 2; the BigTIFF design (libtiff) for 8-byte offsets.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from shoebox.imaging.structure import broken

MAX_ENTRIES: Final = 50_000  # in all directories together; a page has some 20

_INTEGERS: Final = {1: "B", 3: "H", 4: "I", 13: "I", 16: "Q", 18: "Q"}  # BYTE, SHORT, LONG, IFD, LONG8, IFD8
_SIZES: Final = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}


@dataclass(frozen=True, slots=True)
class Entry:
    """One tag. `at` is its place in the table, `value` where its values lie, there or elsewhere."""

    tag: int
    kind: int
    count: int
    at: int
    value: int

    @property
    def size(self) -> int:
        """Bytes of all values; 0 when nobody knows the kind of value."""
        return self.count * _SIZES.get(self.kind, 0)


@dataclass(frozen=True, slots=True)
class Directory:
    """One table. `next` is the place of the directory after it, 0 for none."""

    at: int
    end: int
    entries: tuple[Entry, ...]
    next: int


class Reader:
    """Reads directories of one file, with one budget of entries for all of them."""

    def __init__(self, view: memoryview) -> None:
        self.view = view
        self.order = {b"II": "<", b"MM": ">"}.get(bytes(view[:2]), "")
        if not self.order or len(view) < 8:
            raise broken("it does not begin as a TIFF")
        (version,) = struct.unpack_from(f"{self.order}H", view, 2)
        if version not in (42, 43):
            raise broken("it does not begin as a TIFF")
        self.big = version == 43
        self.header = 16 if self.big else 8
        # Of a table: how many entries, one entry, one offset; and the bytes a value may have within its entry.
        self._count, self._entry, self._offset, self._inline = (
            ("Q", "HHQ", "Q", 8) if self.big else ("H", "HHI", "I", 4)
        )
        self._budget = MAX_ENTRIES

    def first(self) -> int:
        """The place of the first directory."""
        return self._number(self._offset, self.header - struct.calcsize(self._offset))

    def directory(self, at: int) -> Directory:
        """The directory at this place. Raises `InvalidImage` if it does not lie in the file."""
        first = at + struct.calcsize(self._count)
        count = self._number(self._count, at)
        self._budget -= count
        if self._budget < 0:
            raise broken("the TIFF has too many tags")
        size = 20 if self.big else 12
        behind = first + count * size
        following = self._number(self._offset, behind)
        entries = tuple(self._read(first + index * size) for index in range(count))
        return Directory(at, behind + struct.calcsize(self._offset), entries, following)

    def numbers(self, entry: Entry, limit: int) -> tuple[int, ...]:
        """The integers of an entry, the first `limit` of them.

        Raises `InvalidImage` if they are no integers or do not lie in the file.
        """
        kind = _INTEGERS.get(entry.kind)
        if kind is None or entry.value + entry.size > len(self.view):
            raise broken(f"tag {entry.tag} of the TIFF makes no sense")
        return struct.unpack_from(f"{self.order}{min(entry.count, limit)}{kind}", self.view, entry.value)

    def is_inline(self, entry: Entry) -> bool:
        """Whether the values lie in the table itself."""
        return entry.size <= self._inline

    def table(self, entries: list[Entry], following: int) -> bytes:
        """A directory of these entries, as it stands in the file."""
        size = 20 if self.big else 12
        return b"".join(
            [
                struct.pack(f"{self.order}{self._count}", len(entries)),
                *(self.view[entry.at : entry.at + size] for entry in entries),
                struct.pack(f"{self.order}{self._offset}", following),
            ]
        )

    def _read(self, at: int) -> Entry:
        tag, kind, count = struct.unpack_from(f"{self.order}{self._entry}", self.view, at)
        entry = Entry(tag, kind, count, at, at + (12 if self.big else 8))
        if self.is_inline(entry):
            return entry
        return Entry(tag, kind, count, at, self._number(self._offset, entry.value))

    def _number(self, kind: str, at: int) -> int:
        if at + struct.calcsize(kind) > len(self.view):
            raise broken("the TIFF is cut off")
        return int(struct.unpack_from(self.order + kind, self.view, at)[0])


def chain(reader: Reader, limit: int) -> Iterator[Directory]:
    """The directories of the pages in their order, at most `limit` and one."""
    at, seen = reader.first(), set[int]()
    while at and len(seen) <= limit:
        if at in seen:
            raise broken("the pages of the TIFF run in a circle")
        seen.add(at)
        directory = reader.directory(at)
        yield directory
        at = directory.next
