"""Giving a staged file its public name: the one moment at which an upload becomes real.

Equal bytes are kept once. A picture's name and its content's name are hard links to one
file, so the kernel's link count says how many pictures share it, in the same step as the
link itself; docs/decisions/0001 says why no database does.
"""

from __future__ import annotations

import errno
import hashlib
import io
from contextlib import suppress
from enum import Enum, auto
from typing import Final

from shoebox.storage.folders import exists, into, parent, sync
from shoebox.storage.staged import StagedFile
from shoebox.storage.system import System

# The content may appear and vanish between two of our steps, each time by somebody else's
# upload or deletion. After so many times this picture gets a file of its own.
MAX_RACES: Final = 16
# "Not here": file systems without hard links, or with folders on several of them; a file of
# another user (fs.protected_hardlinks). EMLINK: ext4 takes 65,000 names for one file.
NO_LINK: Final = frozenset({errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EXDEV, errno.EMLINK})


class _Content(Enum):
    SHARED = auto()
    ABSENT = auto()
    UNUSABLE = auto()


class Publication:
    """One attempt to publish. Undoes itself if it fails; a crash leaves what `sweep` removes."""

    __slots__ = ("_content", "_given", "_name", "_size", "_staged", "_synced", "_system", "_trusting")

    def __init__(self, system: System, *, staged: StagedFile, name: str, content: str, trusting: bool) -> None:
        self._system = system
        self._staged = staged
        self._name = name
        self._content = content
        self._trusting = trusting
        # Not `staged.size`: the codec may have rewritten the file shorter.
        self._size = system.fstat(staged.fileno()).st_size
        self._synced = False
        self._given: list[str] = []  # names that were given so far

    def run(self) -> None:
        """Make the bytes durable and reachable. Raises `OSError`, leaving no name behind."""
        try:
            self._give_name()
            # The file is durable, its name is not yet. Only after this may anybody be told.
            sync(self._system, parent(self._name))
        except BaseException:
            for path in reversed(self._given):
                self._forget(path)
            raise

    def _give_name(self) -> None:
        for _ in range(MAX_RACES):
            found = self._share()
            if found is _Content.SHARED:
                return
            # Before any name: whoever finds the content may rely on its bytes being safe.
            self._sync_data()
            if found is _Content.UNUSABLE:
                self._move(replacing=True)
                return
            if self._add_content():
                break
        self._move(replacing=False)

    def _share(self) -> _Content:
        """Take the file that is already there, if it can be trusted."""
        try:
            there = self._system.stat(self._content)
        except FileNotFoundError:
            return _Content.ABSENT
        # Names and sizes are as good as the file system; a wrong size proves it was damaged.
        if there.st_size != self._size:
            return _Content.UNUSABLE
        try:
            if not self._trusting and not self._is_whole():
                return _Content.UNUSABLE
            into(self._system, self._system.link, self._content, self._name)
        except FileNotFoundError:
            return _Content.ABSENT
        except OSError as error:
            if error.errno in NO_LINK:
                return _Content.UNUSABLE
            raise
        self._given.append(self._name)
        self._staged.unname()
        return _Content.SHARED

    def _is_whole(self) -> bool:
        """Whether the content is what its name says."""
        with io.FileIO(self._content, opener=self._system.open) as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == self._content.rpartition("/")[2]

    def _sync_data(self) -> None:
        """Once: after an error the kernel forgets it and a second sync would lie."""
        if not self._synced:
            # fdatasync writes the bytes and what is needed to find them again, the size
            # included; the times, which it may leave behind, are worth no second write.
            self._system.fdatasync(self._staged.fileno())
            self._synced = True

    def _add_content(self) -> bool:
        """Name the content; False if somebody else just did, whose file is then to be shared."""
        try:
            # Neither synced nor opened to others: if a power cut takes it, the next equal
            # upload is merely not recognised, and nobody but us looks at contents.
            into(self._system, self._system.link, self._staged.path, self._content)
        except FileExistsError:
            return False
        except OSError as error:
            if error.errno in NO_LINK:
                return True
            raise
        self._given.append(self._content)
        return True

    def _move(self, *, replacing: bool) -> None:
        """Exchange the staging name for the public one, which must be new.

        `replacing` keeps the staging name's link as the content's name, in place of a file
        that is damaged or has all the names it can have; the old one's names still hold it.
        """
        try:
            into(self._system, self._system.link, self._staged.path, self._name)
        except OSError as error:
            if error.errno not in NO_LINK:
                raise
            self._move_without_links()
            return
        self._given.append(self._name)
        if replacing:
            self._given.append(self._content)
            self._system.rename(self._staged.path, self._content)
            self._staged.renamed()
        else:
            self._staged.unname()

    def _move_without_links(self) -> None:
        # rename would replace a picture of that name. Names are random, so that looking
        # first is enough; where links work, the kernel looks.
        if exists(self._system, self._name):
            raise FileExistsError(errno.EEXIST, "the key is taken", self._name)
        into(self._system, self._system.rename, self._staged.path, self._name)
        self._given.append(self._name)
        self._staged.renamed()

    def _forget(self, path: str) -> None:
        # The upload has failed already; what cannot be removed now is a file without a row.
        with suppress(OSError):
            self._system.unlink(path)
