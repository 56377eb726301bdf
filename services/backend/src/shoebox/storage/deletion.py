"""Taking a picture's names away: the mirror of `publish`."""

from __future__ import annotations

import hashlib
import io
import os
from contextlib import suppress
from typing import Final

from shoebox.domain.image import THUMBNAIL_WIDTHS
from shoebox.storage import locks
from shoebox.storage.folders import parent, sync
from shoebox.storage.layout import Layout
from shoebox.storage.system import System

_READ: Final = os.O_RDONLY | os.O_CLOEXEC
# Enough to ask about a file and to keep it from being freed, and open at no cost.
_KEEP: Final = os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC


class Deletion:
    """One picture on its way out. Whatever becomes of it, `files` is to be closed by its owner: with
    them, what has no name any more is freed."""

    __slots__ = ("_layout", "_sha256", "_system", "files")

    def __init__(self, system: System, layout: Layout, *, sha256: str | None = None) -> None:
        """`sha256` of its bytes, or None: then they may have to be read."""
        self._system = system
        self._layout = layout
        self._sha256 = sha256
        self.files: list[int] = []

    def remove(self, key: str) -> None:
        """The picture and its thumbnails, durably. Raises `OSError`."""
        name = self._layout.picture(key)
        file = self._keep(name)
        existed = self._withdraw(key, name)
        with locks.locked(self._system, self._layout.locks, locks.KEEPING, key):
            for width in THUMBNAIL_WIDTHS:
                self._drop_thumbnail(self._layout.thumbnail(key, width))
        if existed:
            # A journal keeps its order: what the thumbnails' folders lost before this is
            # on the disk as well. A deleted picture does not come back with the power.
            sync(self._system, parent(name))
        # All that was promised is done; what fails from here on is the sweeper's.
        with suppress(OSError):
            self._drop_content(file)

    def remove_held(self, path: str) -> None:
        """A picture that was deleted before and only held for a backup. Raises `OSError`."""
        file = self._keep(path)
        self._unlink(path)
        self._drop_content(file)

    def _withdraw(self, key: str, name: str) -> bool:
        """Take the public name away; whether there was one.

        The lock is looked at after the row was removed, and who holds takes it before looking
        at rows. So a deletion that sees no holder is of a row that the holder does not see.
        """
        if locks.is_held(self._system, self._layout.locks, locks.HOLDING):
            try:
                self._system.rename(name, self._layout.held_picture(key))
            except FileNotFoundError:
                return False
            except OSError:
                # A full disk, say. The deletion was asked for by a person, the backup can wait.
                return self._unlink(name)
            return True
        return self._unlink(name)

    def _keep(self, path: str) -> int | None:
        """Open the picture, to learn from it after its name is gone."""
        try:
            file = self._system.open(path, _READ if self._sha256 is None else _KEEP)
        except OSError:
            # Whatever it is, the name has to go; then its content is left to the sweeper.
            return None
        self.files.append(file)
        return file

    def _drop_thumbnail(self, path: str) -> None:
        try:
            self.files.append(self._system.open(path, _KEEP))
        except FileNotFoundError:
            return
        except OSError:
            pass  # it is freed at once then
        self._unlink(path)

    def _drop_content(self, file: int | None) -> None:
        """Remove the content's name too, if it is the last name this file has."""
        if file is None:
            return
        # Looked at after our own unlink, so that of two parallel deletions at least the later
        # sees one name. If an upload shares the content just now, it holds the file by its
        # own name and is not hurt by losing this one.
        status = self._system.fstat(file)
        if status.st_nlink != 1:
            return
        content = self._layout.content(self._sha256 or _digest(file))
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


def _digest(file: int) -> str:
    with io.FileIO(file, closefd=False) as bytes_:
        return hashlib.file_digest(bytes_, "sha256").hexdigest()
