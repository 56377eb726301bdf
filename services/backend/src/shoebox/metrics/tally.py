"""One process's numbers, in a file that all processes of the host read.

The file is mapped, so what was counted is there when the process is killed in the next
instant. Each living process has a file to itself, held by a lock of the kernel. Whoever comes
after a dead one goes on in its file: nothing that was counted is lost, and there are never
more files than processes there once were at a time.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import logging
import mmap
import os
import struct
import threading
import time
from bisect import bisect_left
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from shoebox.metrics.families import FAMILIES, Family, Kind

log = logging.getLogger(__name__)

SIZE: Final = 256 * 1024  # bytes a file; a thousand combinations of labels, of which there are some hundred
MAX_FILES: Final = 1024  # four times the processes that settings allow, and twice that during a reload

# A record: how long the key is, how many doubles follow it; the key, filled up to eight bytes;
# the doubles. The head is written last: a reader sees a whole record or the end.
_HEAD: Final = struct.Struct("=II")
_WORD: Final = 8
_KNOWN: Final = {family.name: family for family in FAMILIES}

Labels = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A record as it was read. `alive` is whether the process that wrote it still lives."""

    family: Family
    labels: Labels
    values: tuple[float, ...]
    alive: bool


class Tally:
    """Counts for one process. Safe for threads; does not survive a fork.

    Where no file can be had in `folder`, as on a full disk, this process is not among the sums:
    that is logged, and no reason to stop. Where a file is full, what has no record yet is not
    counted.
    """

    def __init__(self, folder: Path) -> None:
        self._fd: int | None = None
        try:
            self._fd = _claim(folder)
            self._memory = mmap.mmap(self._fd, SIZE)
        except OSError as error:
            log.warning("not counted", extra={"reason": str(error)})
            self._memory = mmap.mmap(-1, SIZE)
        self._values = memoryview(self._memory).cast("d")
        self._lock = threading.Lock()
        self._places: dict[tuple[str, Labels], int] = {}
        self._end = 0
        for family, labels, place, end in _records(self._memory):
            self._end = end
            if family is not None:
                self._places[family.name, labels] = place
                if family.kind is Kind.GAUGE:
                    self._values[place] = 0.0

    def add(self, family: Family, labels: Labels = (), amount: float = 1.0) -> None:
        """Count."""
        with self._lock:
            place = self._place(family, labels)
            if place:
                self._values[place] += amount

    def observe(self, family: Family, value: float, labels: Labels = ()) -> None:
        """Put a value into a histogram."""
        with self._lock:
            place = self._places.get((family.name, labels)) or self._place(family, labels)
            if place:
                values, bounds = self._values, family.bounds
                values[place + bisect_left(bounds, value)] += 1.0
                values[place + len(bounds) + 1] += value

    def set(self, family: Family, value: float, labels: Labels = ()) -> None:
        """Say what a gauge or a memory is now."""
        with self._lock:
            place = self._place(family, labels)
            if place:
                self._values[place] = value
                if family.kind is Kind.MEMORY:
                    self._values[place + 1] = time.time()

    @contextmanager
    def during(self, family: Family) -> Iterator[None]:
        """A gauge that is one higher for the length of the block."""
        self.add(family)
        try:
            yield
        finally:
            self.add(family, amount=-1.0)

    def close(self) -> None:
        """Give the file to whoever comes next."""
        self._values.release()
        self._memory.close()
        if self._fd is not None:
            os.close(self._fd)

    def _place(self, family: Family, labels: Labels) -> int:
        """Where the doubles begin; 0 where there is no room (no record's doubles begin there)."""
        known = self._places.get((family.name, labels))
        if known is not None:
            return known
        key = json.dumps([family.name, *labels], ensure_ascii=True).encode()
        start = self._end + _HEAD.size + _filled(len(key))
        end = start + family.width * _WORD
        if end > SIZE:
            return 0
        self._memory[self._end + _HEAD.size : self._end + _HEAD.size + len(key)] = key
        _HEAD.pack_into(self._memory, self._end, len(key), family.width)
        self._end = end
        self._places[family.name, labels] = start // _WORD
        return start // _WORD


def read(folder: Path) -> Iterator[Entry]:
    """All records of all processes there ever were. What no version of ours knows is left out."""
    for path in sorted(folder.glob("*.tally")):
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            alive = _is_held(fd)
            data = os.pread(fd, SIZE, 0)
        finally:
            os.close(fd)
        for family, labels, place, _ in _records(data):
            if family is not None:
                values = struct.unpack_from(f"={family.width}d", data, place * _WORD)
                yield Entry(family=family, labels=labels, values=values, alive=alive)


def _records(data: bytes | mmap.mmap) -> Iterator[tuple[Family | None, Labels, int, int]]:
    """Family, labels, index of the first double, and where the next record begins."""
    start = 0
    while start + _HEAD.size <= len(data):
        length, width = _HEAD.unpack_from(data, start)
        if not length:
            return
        key = start + _HEAD.size
        place = key + _filled(length)
        end = place + width * _WORD
        if end > len(data):
            return
        name, *labels = json.loads(data[key : key + length])
        family = _KNOWN.get(name)
        if family is not None and (family.width != width or len(family.labels) != len(labels)):
            family = None  # counted by another version, in other buckets
        yield family, tuple(labels), place // _WORD, end
        start = end


def _filled(length: int) -> int:
    return -(-length // _WORD) * _WORD


def _claim(folder: Path) -> int:
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(MAX_FILES):
        fd = os.open(folder / f"{number:04}.tally", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Writing to mapped memory that has no place on the disk kills the process.
            os.posix_fallocate(fd, 0, SIZE)
        except BlockingIOError:
            os.close(fd)
        except OSError:
            os.close(fd)
            raise
        else:
            return fd
    raise OSError(f"{folder} holds {MAX_FILES} files that are all in use")


def _is_held(fd: int) -> bool:
    with contextlib.suppress(BlockingIOError):
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
        return False
    return True
