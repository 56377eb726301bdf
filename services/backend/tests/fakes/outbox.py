"""`Outbox` in memory, beside `MemoryRepository`."""

from __future__ import annotations

import itertools
import time
from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, datetime

from services.backend.tests.fakes.repository import MemoryRepository
from shoebox.domain.image import Image, NewImage
from shoebox.domain.webhook import Note


class NotingRepository(MemoryRepository):
    """Rows whose changes are noted for `receivers`."""

    def __init__(self) -> None:
        super().__init__()
        self.receivers: set[str] = set()
        self.notes: dict[int, tuple[str, Note, float]] = {}
        self.holder: tuple[int | None, float] = (None, 0.0)  # of the lease, and until when
        self._numbers = itertools.count(1)
        self.lock = self._lock  # of rows and notes: both change or neither

    def add(self, image: NewImage) -> Image:
        with self.lock:
            known = image.key in self._rows
            row = super().add(image)
            if not known:
                self._note("image.created", row)
            return row

    def delete(self, key: str) -> Image:
        with self.lock:
            row = super().delete(key)
            self._note("image.deleted", row)
            return row

    def _note(self, event: str, image: Image) -> None:
        for url in sorted(self.receivers):
            number = next(self._numbers)
            note = Note(number=number, event=event, image=image, happened=datetime.now(UTC), attempts=0)
            self.notes[number] = (url, note, 0.0)


class MemoryOutbox:
    """One process's view of what a repository noted. All share the repository's lease."""

    def __init__(self, repository: NotingRepository) -> None:
        self._repository = repository

    def hold(self, seconds: float) -> bool:
        with self._repository.lock:
            holder, until = self._repository.holder
            now = time.monotonic()
            if holder not in {None, id(self)} and until > now:
                return False
            self._repository.holder = (id(self), now + seconds)
            return True

    def subscribe(self, urls: Collection[str]) -> int:
        with self._repository.lock:
            self._repository.receivers = set(urls)
            gone = [number for number, (url, _, _) in self._repository.notes.items() if url not in urls]
            for number in gone:
                del self._repository.notes[number]
            return len(gone)

    def due(self, url: str, now: datetime, limit: int) -> tuple[Note, ...]:
        found: list[Note] = []
        seen: set[str] = set()
        with self._repository.lock:
            notes = list(self._repository.notes.values())
        for receiver, note, due in notes:
            if receiver == url:
                if note.image.key not in seen and due <= now.timestamp():
                    found.append(note)
                seen.add(note.image.key)
        return tuple(found[:limit])

    def done(self, number: int) -> None:
        self._repository.notes.pop(number, None)

    def postpone(self, number: int, attempts: int, due: datetime) -> None:
        with self._repository.lock:
            if number in self._repository.notes:
                url, note, _ = self._repository.notes[number]
                self._repository.notes[number] = (url, replace(note, attempts=attempts), due.timestamp())

    def pending(self) -> int:
        return len(self._repository.notes)
