"""Folders that are made when first needed, and names that outlive a power cut."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

from shoebox.domain.image import THUMBNAIL_WIDTHS
from shoebox.storage.layout import Layout
from shoebox.storage.system import System

# A folder is made closed to other users and opened to them, Nginx among them, when its name
# is durable: its mode tells every process which of the two it is.
_YOUNG: Final = 0o700
_OTHERS: Final = 0o055
_OPEN: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC


def build(system: System, layout: Layout) -> None:
    """Make the root and its fixed folders where they are missing. Raises `OSError`."""
    for path in _missing(Path(layout.root)):
        _make(system, path)
        sync(system, path)
    widths = [f"{layout.thumbnails}/{width}" for width in THUMBNAIL_WIDTHS]
    for path in (*_fixed(layout), *widths):
        _make(system, path)
        if _is_young(system.stat(path)):
            sync(system, path)


def _fixed(layout: Layout) -> tuple[str, ...]:
    return (
        layout.images,
        layout.contents,
        layout.thumbnails,
        layout.staging,
        layout.locks,
        layout.marks,
        layout.held,
        layout.partials,
    )


def _missing(root: Path) -> list[str]:
    return [str(path) for path in reversed((root, *root.parents)) if not path.exists()]


def parent(path: str) -> str:
    """The folder that `path` lies in."""
    return path.rpartition("/")[0]


def exists(system: System, path: str) -> bool:
    """Whether there is something at `path`. Raises `OSError` where that cannot be told."""
    try:
        system.stat(path)
    except FileNotFoundError:
        return False
    return True


def into(system: System, move: Callable[[str, str], None], source: str, target: str) -> bool:
    """`move` (link or rename) `source` to `target`; whether the target's folder had to be made.

    Raises `FileNotFoundError` if it is the source that is missing. A folder that was made
    stays closed to other users until `sync` is called on it.
    """
    try:
        move(source, target)
    except FileNotFoundError:
        # Never more than the one folder: if the root's disk is not mounted, everything has
        # to fail, or pictures would be written beneath the mount point.
        _make(system, parent(target))
        move(source, target)
        return True
    return False


def make_passing(system: System, folder: str) -> None:
    """Make a folder of files that may be lost. Unlike the others it is open to other users at
    once, and its name may be lost, too. Raises `OSError`."""
    with suppress(FileExistsError):
        system.mkdir(folder, _YOUNG | _OTHERS)
    fd = system.open(folder, _OPEN)
    try:
        status = system.fstat(fd)
        if _is_young(status):  # by the umask
            system.fchmod(fd, stat.S_IMODE(status.st_mode) | _OTHERS)
    finally:
        system.close(fd)


def _make(system: System, folder: str) -> None:
    # Another process may make it at the same moment: one of the two succeeds, both go on.
    with suppress(FileExistsError):
        system.mkdir(folder, _YOUNG)


def sync(system: System, folder: str) -> None:
    """Make the names in `folder`, and its own name, outlive a power cut. Raises `OSError`."""
    fd = system.open(folder, _OPEN)
    try:
        system.fsync(fd)
        # A young folder was made by us, or by a process that has not come this far yet.
        # Without its own name on the disk the names in it are worth nothing, so whoever
        # publishes into it sees to that, and only then opens it to other users.
        status = system.fstat(fd)
        if _is_young(status):
            _sync_one(system, parent(folder))
            system.fchmod(fd, stat.S_IMODE(status.st_mode) | _OTHERS)
    finally:
        system.close(fd)


def _is_young(status: os.stat_result) -> bool:
    return not status.st_mode & _OTHERS


def _sync_one(system: System, folder: str) -> None:
    fd = system.open(folder, _OPEN)
    try:
        system.fsync(fd)
    finally:
        system.close(fd)
