"""What crashes leave behind and no key names. Nobody can reach it; it only takes room."""

from __future__ import annotations

from collections.abc import Iterator

from shoebox.domain.names import is_key
from shoebox.storage.folders import exists
from shoebox.storage.layout import Layout
from shoebox.storage.scan import files, folders
from shoebox.storage.system import System


def remove(system: System, layout: Layout, older_than: float, *, held: bool) -> int:
    """Remove them, a folder at a time; returns how many. Raises `OSError`.

    `held` says that deleted pictures are still wanted by a backup.
    """
    removed = sum(_unlink(system, path) for path in _leftovers(system, layout, older_than))
    return removed if held else removed + sum(_unlink(system, path) for path in _held(layout, older_than))


def _held(layout: Layout, older_than: float) -> Iterator[str]:
    """What was held for a backup that died, or by a deletion just when a backup ended."""
    for path, status in files(layout.held):
        if status.st_ctime < older_than:
            yield path


def _leftovers(system: System, layout: Layout, older_than: float) -> Iterator[str]:
    for path, status in files(layout.staging):
        if status.st_ctime < older_than:
            yield path
    for folder in folders(layout.contents):
        for path, status in files(folder):
            # A publication may be about to share it: that one has linked it by its own name
            # before the unlink, or finds it gone and keeps its own copy. Both lose nothing.
            if status.st_nlink == 1 and status.st_ctime < older_than:
                yield path
    for width in folders(layout.thumbnails):
        for folder in folders(width):
            yield from _thumbnails(system, layout, folder, older_than)


def _thumbnails(system: System, layout: Layout, folder: str, older_than: float) -> Iterator[str]:
    for path, status in files(folder):
        key = path.rpartition("/")[2]
        # Thumbnails are not synced: a power cut can leave an empty one, which Nginx would
        # serve for ever. Without it, the next request makes it again.
        torn = not status.st_size
        if torn or (status.st_ctime < older_than and not _has_picture(system, layout, key)):
            yield path


def _has_picture(system: System, layout: Layout, key: str) -> bool:
    return is_key(key) and exists(system, layout.picture(key))


def _unlink(system: System, path: str) -> bool:
    try:
        system.unlink(path)
    except FileNotFoundError:
        return False
    return True
