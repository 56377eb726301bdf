"""Pictures as files on a local disk, shared by any number of processes and threads.

There is no lock on the way of an upload: names are made by `link`, which the kernel lets
succeed once, and a crash between any two steps leaves a file that no row names.
"""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Final

from shoebox.domain.errors import NotFound, Unavailable
from shoebox.domain.image import THUMBNAIL_WIDTHS
from shoebox.domain.names import is_key
from shoebox.ports import Staged, StoredFile
from shoebox.storage import leftovers, locks, scan
from shoebox.storage.faults import faults, reading
from shoebox.storage.folders import build, exists, make_passing, parent, sync
from shoebox.storage.layout import Layout
from shoebox.storage.locks import locked
from shoebox.storage.publish import Publication
from shoebox.storage.staged import StagedFile, create, create_at
from shoebox.storage.system import System

# Two purposes, since who makes a thumbnail holds one lock while keeping it takes another.
_MAKING: Final = "making"
_KEEPING: Final = "keeping"
# Held by who takes a backup, for as long as deleted pictures are to be kept for it.
_HOLDING: Final = "holding"


class DiskStorage:
    """`ports.BlobStorage` below the folder `root`, on one file system."""

    def __init__(self, root: Path, *, system: System = os, trusting: bool = True) -> None:
        """Makes the folders that are missing. Raises `Unavailable` or `StorageFull`; the
        chained `OSError` names the folder. Without `trusting`, a content is read before a
        new picture shares it: for a store whose disk may have damaged it."""
        self._system = system
        self._trusting = trusting
        self._layout = Layout(root=str(root.absolute()))
        with faults():
            build(system, self._layout)
            locks.create(system, self._layout.locks, (_MAKING, _KEEPING, _HOLDING))

    @contextmanager
    def stage(self) -> Iterator[Staged]:
        """A new empty staged file; on leaving the block it is gone unless it was published."""
        with self._stage() as staged:
            yield staged

    @contextmanager
    def _stage(self) -> Iterator[StagedFile]:
        with faults():
            staged = create(self._system, self._layout.staging)
        try:
            yield staged
        finally:
            staged.drop()

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
        with faults(), self._stage() as staged:
            staged.write(data)
            staged.close()
            # `delete` takes the same lock between the picture and its thumbnails: either it
            # finds this one, or this finds the picture gone. There is no moment in between
            # at which a deleted picture has a thumbnail.
            with locked(self._system, self._layout.locks, _KEEPING, key):
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
        with locked(self._system, self._layout.locks, _MAKING, f"{width}/{key}"):
            yield

    def delete(self, key: str) -> None:
        """Remove the picture and its thumbnails, durably; absent ones are no error."""
        name = self._layout.picture(key)
        with faults(), ExitStack() as held:
            file = self._peek(name)
            if file is not None:
                held.enter_context(file)
            existed = self._withdraw(key)
            with locked(self._system, self._layout.locks, _KEEPING, key):
                for width in THUMBNAIL_WIDTHS:
                    self._unlink(self._layout.thumbnail(key, width))
            if existed:
                # A journal keeps its order: what the thumbnails' folders lost before this is
                # on the disk as well. A deleted picture does not come back with the power.
                sync(self._system, parent(name))
            if file is not None:
                # All that was promised is done; what fails from here on is the sweeper's.
                with suppress(OSError):
                    self._drop_content(file)

    @contextmanager
    def hold(self) -> Iterator[Callable[[str], BinaryIO]]:
        """While the block lasts, what it yields opens every picture that was there when it
        began, deleted ones too; for everybody else those are gone. For one at a time, over
        all processes on this root: raises `Unavailable`.

        Ends with its process: the kernel lets go of a dead one's lock.
        """
        with locks.alone(self._system, self._layout.locks, _HOLDING) as is_ours:
            if not is_ours:
                raise Unavailable("Another backup is being taken.")
            try:
                yield self._open_held
            finally:
                with faults():
                    self._drop_held()

    def _drop_held(self) -> None:
        for path, _ in scan.files(self._layout.held):
            with ExitStack() as opened:
                file = self._peek(path)
                if file is not None:
                    opened.enter_context(file)
                self._unlink(path)
                if file is not None:
                    self._drop_content(file)

    def _open_held(self, key: str) -> BinaryIO:
        # In this order: a deletion moves the file from the first place to the second.
        try:
            return self._open(self._layout.picture(key))
        except NotFound:
            return self._open(self._layout.held_picture(key))

    def _withdraw(self, key: str) -> bool:
        """Take the public name away; whether there was one.

        The lock is looked at after the row was removed, and who holds takes it before looking
        at rows. So a deletion that sees no holder is of a row that the holder does not see.
        """
        name = self._layout.picture(key)
        if locks.is_held(self._system, self._layout.locks, _HOLDING):
            try:
                self._system.rename(name, self._layout.held_picture(key))
            except FileNotFoundError:
                return False
            except OSError:
                # A full disk, say. The deletion was asked for by a person, the backup can wait.
                return self._unlink(name)
            return True
        return self._unlink(name)

    def _peek(self, name: str) -> io.FileIO | None:
        """The file, kept open to learn from it after its name is gone."""
        try:
            return io.FileIO(name, opener=self._system.open)
        except OSError:
            # Whatever it is, the name has to go; then its content is left to the sweeper.
            return None

    def _drop_content(self, file: io.FileIO) -> None:
        """Remove the content's name too, if it is the last name this file has."""
        # Looked at after our own unlink, so that of two parallel deletions at least the later
        # sees one name. If an upload shares the content just now, it holds the file by its
        # own name and is not hurt by losing this one.
        status = os.fstat(file.fileno())
        if status.st_nlink != 1:
            return
        content = self._layout.content(hashlib.file_digest(file, "sha256").hexdigest())
        try:
            there = self._system.stat(content)
        except FileNotFoundError:
            return
        if os.path.samestat(there, status):
            self._unlink(content)

    def _unlink(self, path: str) -> bool:
        """Whether there was something to remove."""
        try:
            self._system.unlink(path)
        except FileNotFoundError:
            return False
        return True

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
            held = locks.is_held(self._system, self._layout.locks, _HOLDING)
            return leftovers.remove(self._system, self._layout, older_than, held=held)

    def probe(self) -> None:
        """Write, sync and remove a small file."""
        with faults(), self._stage() as staged:
            staged.write(b"probe")
            self._system.fdatasync(staged.fileno())
            staged.unname()
