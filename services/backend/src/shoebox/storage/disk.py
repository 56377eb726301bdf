"""Pictures as files on a local disk, shared by any number of processes and threads.

There is no lock on the way of an upload: names are made by `link`, which the kernel lets
succeed once, and a crash between any two steps leaves a file that no row names.
"""

from __future__ import annotations

import io
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Final

from shoebox.domain.errors import NotFound, Unavailable
from shoebox.domain.names import is_key
from shoebox.ports import Staged, StoredFile
from shoebox.storage import leftovers, locks, scan
from shoebox.storage.deletion import Deletion
from shoebox.storage.faults import faults, reading
from shoebox.storage.folders import build, exists, make_passing, parent, sync
from shoebox.storage.freeing import Freeing
from shoebox.storage.layout import IDENTITY, Layout
from shoebox.storage.locks import locked
from shoebox.storage.publish import Publication
from shoebox.storage.staged import PUBLIC_FILE, StagedFile, create, create_at
from shoebox.storage.system import System

MARKING: Final = os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC


class DiskStorage:
    """`ports.BlobStorage` below the folder `root`, on one file system."""

    def __init__(
        self, root: Path, *, system: System = os, trusting: bool = True, freer: socket.socket | None = None
    ) -> None:
        """Makes the folders that are missing. Raises `Unavailable` or `StorageFull`; the
        chained `OSError` names the folder. Without `trusting`, a content is read before a
        new picture shares it: for a store whose disk may have damaged it. `freer` is given
        what was deleted, if there is one."""
        self._system = system
        self._trusting = trusting
        self._layout = Layout(root=str(root.absolute()))
        self._freeing = Freeing(system, self._layout.root, freer)
        with faults():
            build(system, self._layout)
            locks.create(system, self._layout.locks)

    def stage(self) -> AbstractContextManager[StagedFile]:
        """A new empty staged file; on leaving the block it is gone unless it was published."""
        with faults():
            return create(self._system, self._layout.staging)

    def publish(self, staged: Staged, key: str, sha256: str) -> None:
        """Make the staged bytes durable and reachable as `key`, which must be new.

        One sync of the file (none if its content is there already) and one of the folder.
        """
        if not isinstance(staged, StagedFile):
            raise TypeError("staged by another storage")
        name, content = self._layout.picture(key), self._layout.content(sha256)
        with faults():
            Publication(self._system, staged=staged, name=name, content=content, trusting=self._trusting).run()

    def open(self, key: str) -> BinaryIO:
        """The picture's bytes, unbuffered: readers copy large blocks or hand on the descriptor."""
        return self._open(self._layout.picture(key))

    def _open(self, path: str) -> io.FileIO:
        with reading():
            return io.FileIO(path, opener=self._system.open)

    def put_thumbnail(self, key: str, width: int, data: bytes, *, unseen: bool = False) -> None:
        """Keep a thumbnail, atomically, if its picture is still there.

        Not synced: it can be made again, and `remove_leftovers` knows a torn one.
        """
        picture, target = self._layout.picture(key), self._layout.thumbnail(key, width)
        if unseen:
            with faults():
                self._add_thumbnail(target, data)
            return
        with faults(), self.stage() as staged:
            staged.write(data)
            staged.close()
            # `delete` takes the same lock between the picture and its thumbnails: either it
            # finds this one, or this finds the picture gone. There is no moment in between
            # at which a deleted picture has a thumbnail.
            with locked(self._system, self._layout.locks, locks.KEEPING, key):
                if not exists(self._system, picture):
                    return
                try:
                    self._system.rename(staged.path, target)
                except FileNotFoundError:
                    make_passing(self._system, parent(target))
                    self._system.rename(staged.path, target)
                staged.renamed()

    def _add_thumbnail(self, target: str, data: bytes) -> None:
        """Where nobody can look or delete yet: no lock, and no other name first."""
        try:
            file = create_at(self._system, target)
        except FileNotFoundError:
            make_passing(self._system, parent(target))
            file = create_at(self._system, target)
        try:
            file.write(data)
            file.close()
            file.renamed()
        finally:
            file.drop()

    def open_thumbnail(self, key: str, width: int) -> BinaryIO:
        """The thumbnail's bytes. An empty file was torn by a power cut and counts as none."""
        file = self._open(self._layout.thumbnail(key, width))
        if not os.fstat(file.fileno()).st_size:
            file.close()
            raise NotFound("There is no such thumbnail.")
        return file

    @contextmanager
    def making(self, key: str, width: int) -> Iterator[None]:
        """Held by one caller at a time, over all threads and processes on this root."""
        with locked(self._system, self._layout.locks, locks.MAKING, f"{width}/{key}"):
            yield

    def delete(self, key: str, sha256: str | None = None) -> None:
        """Remove the picture and its thumbnails, durably; their room is free a moment later."""
        with self._deletion(sha256) as deletion:
            deletion.remove(key)

    @contextmanager
    def _deletion(self, sha256: str | None = None) -> Iterator[Deletion]:
        deletion = Deletion(self._system, self._layout, sha256=sha256)
        try:
            with faults():
                yield deletion
        finally:
            self._freeing.later(deletion.files)

    @contextmanager
    def hold(self) -> Iterator[Callable[[str], BinaryIO]]:
        """While the block lasts, what it yields opens every picture that was there when it
        began, deleted ones too; for everybody else those are gone. For one at a time, over
        all processes on this root: raises `Unavailable`.

        Ends with its process: the kernel lets go of a dead one's lock.
        """
        with locks.alone(self._system, self._layout.locks, locks.HOLDING) as is_ours:
            if not is_ours:
                raise Unavailable("Another backup is being taken.")
            try:
                yield self._open_held
            finally:
                self._drop_held()

    def _drop_held(self) -> None:
        with faults():
            for path, _ in scan.files(self._layout.held):
                with self._deletion() as deletion:
                    deletion.remove_held(path)

    def _open_held(self, key: str) -> BinaryIO:
        # In this order: a deletion moves the file from the first place to the second.
        try:
            return self._open(self._layout.picture(key))
        except NotFound:
            return self._open(self._layout.held_picture(key))

    def files(self) -> Iterator[StoredFile]:
        """Every picture file. `modified` is when the file or its set of names last changed:
        a new picture that shares an old file is as young as its name."""
        with faults():
            for folder in scan.folders(self._layout.images):
                for path, status in scan.files(folder):
                    key = path.rpartition("/")[2]
                    if is_key(key):
                        yield StoredFile(key=key, size=status.st_size, modified=status.st_ctime)

    def remove_leftovers(self, older_than: float) -> int:
        """Remove what no key names; empty thumbnails at any age."""
        with faults():
            held = locks.is_held(self._system, self._layout.locks, locks.HOLDING)
            return leftovers.remove(self._system, self._layout, older_than, held=held)

    def marks(self) -> frozenset[str]:
        """Whose pictures may be here."""
        with faults():
            names = (path.rpartition("/")[2] for path, _ in scan.files(self._layout.marks))
            return frozenset(name for name in names if IDENTITY.fullmatch(name))

    def mark(self, identity: str) -> None:
        """Leave a mark, durably."""
        with faults():
            fd = self._system.open(f"{self._layout.marks}/{identity}", MARKING, PUBLIC_FILE)
            try:
                self._system.fsync(fd)  # where there is no journal, a name alone is lost at the next check of the disk
            finally:
                self._system.close(fd)
            sync(self._system, self._layout.marks)

    def unmark(self, identity: str) -> None:
        """Take a mark away, durably."""
        with faults():
            with suppress(FileNotFoundError):
                self._system.unlink(f"{self._layout.marks}/{identity}")
            sync(self._system, self._layout.marks)

    def probe(self) -> None:
        """Write, sync and remove a small file."""
        with faults(), self.stage() as staged:
            staged.write(b"probe")
            self._system.fdatasync(staged.fileno())
            staged.unname()
