"""Where rows are kept: pictures, what is to be told of them, and all of it as one file."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import Protocol

from shoebox.domain.backup import DumpedPicture
from shoebox.domain.image import Image, NewImage
from shoebox.domain.listing import Listing, ListQuery
from shoebox.domain.webhook import Note


class Listings(Protocol):
    """Answers to lists that may be kept ready somewhere."""

    def changing(self) -> AbstractContextManager[None]:
        """Around a change of rows, its commit included: when the block has been left, no answer is
        served any more that was asked for before. Also if the process dies within it, and if the
        change comes true only after an `Unavailable`."""


class ImageRepository(Protocol):
    """The rows. Writes are committed when a method returns, and seen by every later read."""

    def add(self, image: NewImage) -> Image:
        """Insert one row."""

    def get(self, key: str) -> Image:
        """Raises `NotFound`."""

    def find(self, number: int) -> Image:
        """By id. Raises `NotFound`."""

    def add_alias(self, old_name: str, key: str) -> None:
        """Let `old_name` stand for the picture `key` as long as there is one. Said again for
        the same name, the newer word counts."""

    def key_of(self, old_name: str) -> str:
        """The key of the picture an older system called so. Raises `NotFound`."""

    def key_of_content(self, sha256: str) -> str:
        """The key of a picture whose served bytes hash to this. Raises `NotFound`."""

    def delete(self, key: str) -> Image:
        """Remove the row and return what it held. Of parallel calls exactly one succeeds;
        the others raise `NotFound`."""

    def page(self, query: ListQuery) -> Listing:
        """One page and the exact total, in one snapshot, without counting the table.

        A page past the last is empty. With a filter text the matches are counted.
        """

    def known(self, keys: Iterable[str]) -> frozenset[str]:
        """Which of these keys have a row. For sweeps; at most 1,000 keys a call."""

    def keys(self, *, after: str = "", limit: int = 1000) -> tuple[str, ...]:
        """The next keys in key order, for walking the whole table in bounded memory."""

    def images(self, *, after: str = "", limit: int = 1000) -> tuple[Image, ...]:
        """As `keys`, whole rows."""

    def lease(self, name: str, seconds: float) -> bool:
        """Take a named lease for a time, unless somebody holds it: once-per-deployment work."""

    def identity(self) -> str:
        """Who this database is, as no other: 32 hexadecimal digits that stay, until it is restored."""

    def volume(self) -> int:
        """Bytes of all pictures together, as their rows say. Reads the whole table: ask seldom."""

    def ping(self) -> None:
        """Ask the database something real. Raises `Unavailable`."""


class Outbox(Protocol):
    """What is still to be told to other programs. An event is written with the row's change,
    both or neither, once for each receiver there is at that moment."""

    def hold(self, seconds: float) -> bool:
        """Be the only one who delivers, for so long: True if nobody else is. To be said again
        before the time is over; 0 lets go."""

    def subscribe(self, urls: Collection[str]) -> int:
        """Let these be the receivers from now on, none where it is empty. What is undelivered
        for others is dropped; returns how many."""

    def due(self, url: str, now: datetime, limit: int) -> tuple[Note, ...]:
        """What is to be tried for a receiver, oldest first. None of a picture whose earlier
        event is still there."""

    def done(self, number: int) -> None:
        """Forget one that was delivered or given up. Twice is no error."""

    def postpone(self, number: int, attempts: int, due: datetime) -> None:
        """Not before `due` again; `attempts` were made so far."""

    def pending(self) -> int:
        """How many are there, for all receivers."""


class Dumper(Protocol):
    """The database as one file, and back. Raises `BackupError`."""

    @property
    def kind(self) -> str:
        """Which database it is; a dump of one is nothing to another."""

    def dump(self, file: Path) -> None:
        """Write everything, as it is at one moment after the call, durably and verified."""

    def pictures(self, file: Path) -> Iterator[DumpedPicture]:
        """What a dump names, read from it; equal contents next to each other, in bounded memory."""

    def load(self, file: Path) -> None:
        """Put a dump in the place of what the database holds, all or nothing. The schema is
        the dump's then, which may be older."""
