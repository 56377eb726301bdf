"""What the use cases need of the world. Adapters promise what these docstrings say.

Every method may raise `Unavailable` when its system is away; nothing else leaks out of an
adapter than the errors of `domain.errors`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Protocol

from shoebox.domain.backup import DumpedPicture, Manifest
from shoebox.domain.image import Facts, Image, NewImage
from shoebox.domain.listing import Listing, ListQuery
from shoebox.domain.partial import Partial, PartialState
from shoebox.domain.webhook import Note


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """What a codec learned of a picture and made of it: its 320 px WebP thumbnail."""

    facts: Facts
    thumbnail: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """A picture file as the storage sees it. `modified` is when it, or a name of it, last
    changed, in seconds since the epoch: a new name of old bytes is young."""

    key: str
    size: int
    modified: float


class Staged(Protocol):
    """A file that is being received: on the storage's own file system, reachable by nobody."""

    @property
    def size(self) -> int:
        """Bytes written so far."""

    def write(self, chunk: bytes | bytearray | memoryview) -> None:
        """Append. Raises `StorageFull` when the disk is."""

    def fileno(self) -> int:
        """The open file, readable and writable. The codec may rewrite it in place."""


class BlobStorage(Protocol):
    """Picture files and their thumbnails, by key."""

    def stage(self) -> AbstractContextManager[Staged]:
        """A new empty staged file; on leaving the block it is gone unless it was published."""

    def publish(self, staged: Staged, key: str, sha256: str) -> None:
        """Make the staged bytes durable (fsync of file and folder) and reachable as `key`.

        Equal content is kept once. Never replaces an existing key. Raises `StorageFull`.
        """

    def open(self, key: str) -> BinaryIO:
        """The picture's bytes, seekable. Raises `NotFound`."""

    def put_thumbnail(self, key: str, width: int, data: bytes, *, unseen: bool = False) -> None:
        """Keep a thumbnail, atomically; dropped again if the picture is gone by then.

        `unseen` promises that nobody has been told the key, so that nobody can be reading or
        deleting what belongs to it: that saves the precautions.
        """

    def open_thumbnail(self, key: str, width: int) -> BinaryIO:
        """The thumbnail's bytes, seekable. Raises `NotFound` where none was made."""

    def making(self, key: str, width: int) -> AbstractContextManager[None]:
        """Held by one caller at a time over all processes on this storage: who makes a
        missing thumbnail while the others wait for it."""

    def delete(self, key: str, sha256: str | None = None, /) -> None:
        """Remove the picture and all its thumbnails; absent ones are no error.

        When it returns, no reader can open any of them any more; the room they took may be
        free a moment later. To be told what `publish` was told saves reading the picture.
        """

    def files(self) -> Iterator[StoredFile]:
        """Every picture file, a folder at a time, in no order, in bounded memory."""

    def remove_leftovers(self, older_than: float) -> int:
        """Remove what crashes left behind and no key names: staging files, content with no
        name, thumbnails without a picture; only those older than `older_than` (epoch
        seconds). Returns how many."""

    def marks(self) -> frozenset[str]:
        """The identities of the databases that have left a mark: pictures may be theirs."""

    def mark(self, identity: str) -> None:
        """Leave a mark, durably; one that is there already is no error. Raises `StorageFull`."""

    def unmark(self, identity: str) -> None:
        """Take a mark away; an absent one is no error."""

    def probe(self) -> None:
        """Write, sync and remove a small file. Raises `Unavailable` or `StorageFull`."""


class Appending(Protocol):
    """The open end of an upload that comes in pieces."""

    def write(self, chunk: bytes) -> None:
        """Append where the last write ended. Raises `Conflict` if somebody else has written
        meanwhile, `NotFound` if the upload was removed, `StorageFull`."""


class PartialStore(Protocol):
    """Uploads that come in pieces: seen by every process on the storage, kept over crashes."""

    def create(self, upload: Partial) -> None:
        """A new one without bytes, durably. Raises `StorageFull`."""

    def load(self, partial_id: str) -> PartialState:
        """Raises `NotFound`."""

    def appending(self, partial_id: str, offset: int) -> AbstractContextManager[Appending]:
        """Its end, which must be at `offset`: else `Conflict`. What was written by the end of
        the block is durable, however it ends. Raises `NotFound`."""

    def open(self, partial_id: str) -> BinaryIO:
        """Its bytes so far. Raises `NotFound`."""

    def finishing(self, partial_id: str) -> AbstractContextManager[None]:
        """Held by one caller at a time: who makes a picture of it while others wait."""

    def save(self, upload: Partial) -> None:
        """What became of it, durably and in one step. The bytes of one with a key are dropped."""

    def remove(self, partial_id: str) -> None:
        """Its bytes and all that is known of it; an absent one is no error."""

    def remove_untouched(self, since: float) -> int:
        """Remove those not heard of since then (epoch seconds). Returns how many."""


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


class ImageCodec(Protocol):
    """Proves, cleans and scales pictures. The work is bounded in time and memory."""

    def examine(self, staged: Staged) -> Examined:
        """Recognise by content, check limits, decode once, strip metadata in place.

        Raises `UnsupportedFormat` or `InvalidImage`; `Unavailable` if no decoder is free
        within the time limit.
        """

    def thumbnail(self, picture: BinaryIO, width: int) -> bytes:
        """A WebP no wider than `width` and never larger than the picture."""


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


class Draft(Protocol):
    """A backup that is being written."""

    @property
    def dump(self) -> Path:
        """Where the dump is to be written."""

    @property
    def copied(self) -> int:
        """How many pictures were copied so far; the others are shared with an earlier backup."""

    def dump_sha256(self) -> str:
        """The digest of the dump as it is on the disk."""

    def keep(self, picture: DumpedPicture, open_picture: Callable[[], BinaryIO]) -> None:
        """Take one picture in, durably and verified; `open_picture` is asked only for one that
        no earlier backup holds. Raises `NotFound` as that does, and `DamagedPicture`."""

    def finish(self, manifest: Manifest) -> None:
        """Make it a backup under the manifest's name, in one step."""


class Saved(Protocol):
    """A finished backup."""

    @property
    def manifest(self) -> Manifest:
        """What it says of itself."""

    @property
    def dump(self) -> Path:
        """Its dump."""

    def check(self) -> None:
        """Raises `BackupError` if the dump's bytes are not those that were written."""

    def open(self, key: str) -> BinaryIO:
        """A picture's bytes. Raises `NotFound`."""


class Archive(Protocol):
    """The backups there are. What is unfinished is none."""

    def draft(self) -> AbstractContextManager[Draft]:
        """A new one; on leaving the block it is gone unless it was finished. Raises
        `BackupError` while another process writes one."""

    def names(self) -> tuple[str, ...]:
        """Oldest first."""

    def remove(self, name: str) -> None:
        """Remove one; never seen half removed."""

    def open(self, file: Path) -> Saved:
        """The one at a path, or of that name. Raises `BackupError` for what is none."""


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


class Sender(Protocol):
    """Carries events to receivers."""

    def send(self, url: str, note: Note, now: datetime) -> None:
        """Once, within a bounded time. Raises `UndeliveredError`."""


class Clock(Protocol):
    """The time of day."""

    def now(self) -> datetime:
        """Aware, UTC, to the microsecond."""
