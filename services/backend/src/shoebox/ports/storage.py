"""Where bytes are kept: pictures, what is still arriving, backups."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from shoebox.domain.backup import DumpedPicture, Manifest
from shoebox.domain.partial import Partial, PartialState


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
