"""Backups as folders, each whole in itself and sharing its files with the one before.

    shoebox-2026-11-20T10-30-00Z/
        manifest.json          what it is and what is in it; written last
        database               the dump
        images/<k3>/<key>      the pictures, laid out as in the store

Pictures never change, so a picture of an earlier backup is a hard link here. None is a link
to the store's own file: whatever happens to that file must not happen to its backup.
What is being written or removed has a name with a dot, which is no backup's name.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Final

from shoebox.domain.backup import BackupError, DamagedPicture, DumpedPicture, Manifest, time_of
from shoebox.domain.errors import NotFound
from shoebox.storage.layout import Layout
from shoebox.storage.publish import NO_LINK

FORMAT: Final = 1
CHUNK: Final = 1024 * 1024  # bytes
_UNFINISHED: Final = ".unfinished-"
_REMOVED: Final = ".removed-"
_PRIVATE: Final = 0o700  # names of pictures are what keeps strangers from them


class Saved:
    """`ports.Saved`: a finished backup in its folder."""

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        self.manifest: Final = manifest
        self.dump: Final = folder / "database"
        self._folder = folder

    def check(self) -> None:
        """Raises `BackupError` if the dump is not the one that was written."""
        with faults():
            if digest_of(self.dump) != self.manifest.dump_sha256:
                raise BackupError(f"{self.dump} is damaged: it has another SHA-256 than the manifest says.")

    def open(self, key: str) -> BinaryIO:
        """A picture's bytes. Raises `NotFound`."""
        try:
            return picture_path(self._folder, key).open("rb")
        except FileNotFoundError as error:
            raise NotFound(f"The backup holds no picture '{key}'.") from error


class Draft:
    """`ports.Draft`: a backup that is being written."""

    def __init__(self, folder: Path, *, earlier: Path | None) -> None:
        self.dump: Final = folder / "database"
        self.copied = 0
        self._folder = folder
        self._earlier = earlier
        self._last: DumpedPicture | None = None
        self._folders: set[Path] = set()

    def dump_sha256(self) -> str:
        """The digest of the dump as it is on the disk."""
        with faults():
            return digest_of(self.dump)

    def keep(self, picture: DumpedPicture, open_picture: Callable[[], BinaryIO]) -> None:
        """Take one picture in: from the earlier backup if it holds it, else from the store.

        What is copied is read again from the disk and must have the digest that its row
        says. Raises `NotFound` if the store has no such picture, `DamagedPicture` if it is damaged.
        """
        with faults():
            target = picture_path(self._folder, picture.key)
            if target.parent not in self._folders:
                target.parent.mkdir(parents=True, exist_ok=True)
                self._folders.add(target.parent)
            if not any(_link(source, target, picture.size) for source in self._sources(picture)):
                try:
                    self._copy(picture, open_picture, target)
                except DamagedPicture:
                    target.unlink()
                    raise
            self._last = picture

    def _sources(self, picture: DumpedPicture) -> Iterator[Path]:
        if self._earlier:
            yield picture_path(self._earlier, picture.key)
        if self._last and self._last.sha256 == picture.sha256:
            yield picture_path(self._folder, self._last.key)

    def _copy(self, picture: DumpedPicture, open_picture: Callable[[], BinaryIO], target: Path) -> None:
        with open_picture() as source, target.open("xb") as copy:
            while chunk := _read(source, picture.key):
                copy.write(chunk)
            copy.flush()
            os.fsync(copy.fileno())
            # Or the check below would see the memory's bytes and not the disk's.
            os.posix_fadvise(copy.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        if digest_of(target) != picture.sha256:
            raise DamagedPicture(f"The picture '{picture.key}' is damaged: it has another SHA-256 than its row says.")
        self.copied += 1

    def finish(self, manifest: Manifest) -> None:
        """Make all of it durable, and only then a backup."""
        with faults():
            written = asdict(manifest) | {"format": FORMAT, "taken_at": manifest.taken_at.isoformat()}
            with (self._folder / "manifest.json").open("x", encoding="utf-8") as file:
                json.dump(written, file, indent=1)
                file.flush()
                os.fsync(file.fileno())
            for folder in (*self._folders, self._folder / "images", self._folder):
                if folder.exists():
                    _sync(folder)
            root = self._folder.parent
            self._folder.rename(root / manifest.name)
            _sync(root)


class Archive:
    """`ports.Archive`: the backups in the folder `root`."""

    def __init__(self, root: Path) -> None:
        self._root = root

    @contextmanager
    def draft(self) -> Iterator[Draft]:
        """A new backup; gone at the end of the block unless it was finished. One at a time:
        raises `BackupError` while another process writes one."""
        with self._alone():
            self._remove_leftovers()
            names = self.names()
            folder = self._root / f"{_UNFINISHED}{os.getpid()}"
            with faults():
                folder.mkdir(_PRIVATE)
            try:
                yield Draft(folder, earlier=self._root / names[-1] if names else None)
            finally:
                shutil.rmtree(folder, ignore_errors=True)  # a finished one has another name by now

    def names(self) -> tuple[str, ...]:
        """Finished backups, oldest first."""
        with faults():
            if not self._root.exists():
                return ()
            found = [path.name for path in self._root.iterdir() if time_of(path.name) and _is_finished(path)]
        return tuple(sorted(found))

    def remove(self, name: str) -> None:
        """Remove a finished backup; its files stay where other backups hold them."""
        with faults():
            gone = self._root / f"{_REMOVED}{name}"
            (self._root / name).rename(gone)
            shutil.rmtree(gone)

    def open(self, file: Path) -> Saved:
        """The backup at a path, or of a name in this archive. Raises `BackupError` for what
        is none."""
        candidates = [file, self._root / file.name]
        for folder in candidates:
            if _is_finished(folder):
                return Saved(folder, _manifest(folder / "manifest.json"))
        raise BackupError(f"{file} is no finished backup. There are: {', '.join(self.names()) or 'none'}.")

    @contextmanager
    def _alone(self) -> Iterator[None]:
        with faults():
            self._root.mkdir(parents=True, exist_ok=True)
            lock = (self._root / ".lock").open("a")
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise BackupError("Another backup is being made just now.") from error
            yield

    def _remove_leftovers(self) -> None:
        with faults():
            for path in self._root.iterdir():
                if path.name.startswith((_UNFINISHED, _REMOVED)):
                    shutil.rmtree(path, ignore_errors=True)


@contextmanager
def faults() -> Iterator[None]:
    """Let nothing but errors of the domain out of the block. Operators read them, so they name
    the file."""
    try:
        yield
    except OSError as error:
        raise BackupError(f"{error.filename or 'The folder of backups'}: {error.strerror}") from error


def picture_path(folder: Path, key: str) -> Path:
    """Where a backup in `folder` holds a picture. Raises `NotFound` for what is no key."""
    return Path(Layout(root=str(folder)).picture(key))


def digest_of(file: Path) -> str:
    """The SHA-256 of a file's bytes."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _is_finished(folder: Path) -> bool:
    try:
        return (folder / "manifest.json").is_file()
    except PermissionError:  # somebody else's, made as another user: neither shared with nor removed
        return False


def _read(source: BinaryIO, key: str) -> bytes:
    try:
        return source.read(CHUNK)
    except OSError as error:  # one bad sector is no reason to have no backup of all the rest
        raise DamagedPicture(f"The picture '{key}' cannot be read: {error.strerror}.") from error


def _manifest(file: Path) -> Manifest:
    try:
        written = json.loads(file.read_text(encoding="utf-8"))
        if written.pop("format") != FORMAT:
            raise BackupError(f"{file} is of a newer release of Shoebox.")
        written["taken_at"] = datetime.fromisoformat(written["taken_at"])
        written["absent"] = tuple(written["absent"])
        return Manifest(**written)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BackupError(f"{file} cannot be read.") from error


def _link(source: Path, target: Path, size: int) -> bool:
    """Whether the file was to be had as a link. One of another size is damaged."""
    try:
        if source.stat().st_size != size:
            return False
        os.link(source, target)
    except FileNotFoundError:
        return False
    except OSError as error:
        if error.errno in NO_LINK:
            return False
        raise
    return True


def _sync(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
