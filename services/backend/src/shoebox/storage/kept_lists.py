"""Answers to lists as files that Nginx serves itself, and never one that is not true any more.

The folder is shared by everything on a host that asks or changes the rows. In it, `current` holds
the answers that Nginx serves; `writing` a name of an empty file, `mark`, for each change under way;
what is called `gone-…` is on its way out. Why this order of steps lets nothing stale through, whoever dies or
stalls between any two of them: docs/decisions/0007-lists-are-files-of-one-generation.md
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from itertools import count
from pathlib import Path
from secrets import token_hex
from typing import Final

from shoebox.domain.errors import NotFound, StorageFull, Unavailable
from shoebox.storage.system import System

log = logging.getLogger(__name__)

MAX_FILES: Final = 256  # answers that one process keeps before all are dropped: bounds the folder
MAX_BYTES: Final = 8 * 1024 * 1024  # of them together, likewise
# Names whose next answer is kept: most lists are asked for once, and a file that nobody reads costs
# more than the answer itself. Those that are asked for again and again are known for good.
MAX_KNOWN: Final = 1024
# Seconds from its beginning that a change may still come true although its process died or lost the
# connection: it asks for some seconds while the database restarts, PgBouncer lets it wait for 1, and
# PostgreSQL ends a statement after 10 (init-sql).
LATE: Final = 60.0
MAX_AGE: Final = 60.0  # seconds: what rows that were changed behind our back can be wrong for
LOOK: Final = 5.0  # seconds between two looks at the age
_ATTEMPTS: Final = 3  # to remove a folder that somebody still writes to
_NS: Final = 1_000_000_000

Keep = Callable[[bytes, int], None]
_NOT_KEPT: Final = nullcontext(None)


class KeptLists:
    """`ports.Listings` in a folder. Any number of processes and threads may share the folder."""

    def __init__(self, folder: Path) -> None:
        self._folder: Final = folder
        self._current: Final = folder / "current"
        self._writing: Final = folder / "writing"
        self._mark: Final = str(folder / "mark")
        self._system: System = os
        self._own, self._numbers = token_hex(6), count()  # what makes a name nobody else's
        self._lock = threading.Lock()
        self._generation, self._files, self._bytes = 0, 0, 0
        self._seen: tuple[int, float] = (0, 0.0)  # the generation that was looked at, and when it was new
        self._next_look = 0.0
        self._known: OrderedDict[str, None] = OrderedDict()  # the names asked for last, the latest at the end

    def prepare(self) -> None:
        """Make the folder and drop what is kept: nobody knows what has happened since. Raises `OSError`."""
        self._writing.mkdir(parents=True, exist_ok=True)
        self._drop()
        for left in self._folder.glob("gone-*"):
            _remove(left)

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Around a change of rows; see `ports.Listings`. Raises `Unavailable`, before the change if
        that is possible, when what is kept cannot be taken away."""
        mark = self._announce()
        self._renew()
        certain = False
        try:
            yield
            certain = True
        except (NotFound, StorageFull):
            certain = True
            raise
        finally:
            self._renew()
            # After any other error it may still come true: the mark stays until it cannot any more.
            if certain and mark:
                with suppress(OSError):
                    self._system.unlink(mark)

    def reading(self, name: str) -> AbstractContextManager[Keep | None]:
        """Around asking the rows and making an answer of them, which may then be kept under the file's
        `name`: the bytes, and the time in seconds that the file is to have, which makes its ETag (ext4,
        XFS, Btrfs and tmpfs all keep 33 bits). None where it may not: for a name that was not asked for
        before in this process, and while rows change."""
        # Looked at first: what is asked for once is not to cost seven system calls on top.
        return self._reading(name) if self._was_asked_for(name) else _NOT_KEPT

    @contextmanager
    def _reading(self, name: str) -> Iterator[Keep | None]:
        folder = self._open_current()
        if folder is None:
            yield None
            return
        try:
            yield lambda body, stamp: self._keep(folder, name, body, stamp)
        finally:
            os.close(folder)

    def look(self) -> bool:
        """To be called often: every LOOK seconds drops what is older than MAX_AGE. Whether it looked."""
        now = time.monotonic()
        if now < self._next_look:
            return False
        self._next_look = now + LOOK
        try:
            generation = self._current.stat().st_ino
        except OSError:
            generation = 0
        if generation != self._seen[0]:
            self._seen = (generation, now)
        elif generation and now - self._seen[1] > MAX_AGE:
            self._drop_quietly()
        return True

    def _announce(self) -> str | None:
        """Mark that a change is under way. Without a mark, on a disk without room for one, only a
        crash within the change can do harm, and for MAX_AGE at most."""
        mark = f"{self._writing}/{time.monotonic_ns()}-{self._own}-{next(self._numbers)}"
        for _ in range(2):
            try:
                self._name(mark)
            except FileNotFoundError:
                with suppress(OSError):
                    self._writing.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                log.warning("list cache cannot be marked", extra={"reason": error.strerror})
                return None
            else:
                return mark
        return None

    def _name(self, mark: str) -> None:
        # A file for each change would be a file removed with each: ext4 without a journal uses the place
        # of none of them again for minutes, and passes over all of them whenever a file is made.
        try:
            self._system.link(self._mark, mark)
        except OSError:  # it was not made yet, or there are no links, or no more of them
            with suppress(OSError):
                _make(self._mark)
            _make(mark)

    def _renew(self) -> None:
        try:
            self._drop()
        except OSError as error:
            log.error("list cache cannot be dropped", extra={"reason": error.strerror})  # noqa: TRY400  # told whole
            raise Unavailable("The lists that are kept ready cannot be renewed; nothing may change.") from error

    def _drop(self) -> None:
        gone = f"{self._folder}/gone-{self._own}-{next(self._numbers)}"
        try:
            self._system.rename(str(self._current), gone)
        except FileNotFoundError:
            return
        _remove(Path(gone))

    def _drop_quietly(self) -> None:
        with suppress(OSError):
            self._drop()

    def _open_current(self) -> int | None:
        """The folder that an answer may be put into if it is asked for from now on."""
        flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            try:
                folder = os.open(self._current, flags)
            except FileNotFoundError:
                self._current.mkdir(mode=0o755, exist_ok=True)
                folder = os.open(self._current, flags)
        except OSError:
            return None
        if self._is_changing():
            os.close(folder)
            return None
        return folder

    def _is_changing(self) -> bool:
        """Whether a change may be under way. To be asked with `current` open, not before."""
        try:
            with os.scandir(self._writing) as found:
                marks = [entry.name for entry in found]
        except OSError:
            return True  # nobody could say so
        now = time.monotonic_ns()
        for mark in marks:
            begun = mark.partition("-")[0]
            # One of the time before a reboot seems to come from the future, or is as good as new.
            if begun.isdecimal() and 0 <= now - int(begun) <= LATE * _NS:
                return True
            with suppress(OSError):
                (self._writing / mark).unlink()
        return False

    def _keep(self, folder: int, name: str, body: bytes, stamp: int) -> None:
        if not self._has_room(os.fstat(folder).st_ino, len(body)):
            self._drop_quietly()
            return
        draft = f".{token_hex(8)}"
        # The folder may be on its way out, the disk full or read-only: then it is not kept.
        with suppress(OSError):
            file = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644, dir_fd=folder)
            try:
                whole = os.write(file, body) == len(body)
                os.utime(file, (stamp, stamp))
                whole = whole and int(os.fstat(file).st_mtime) == stamp
            finally:
                os.close(file)
            if whole:
                os.rename(draft, name, src_dir_fd=folder, dst_dir_fd=folder)
            else:
                os.unlink(draft, dir_fd=folder)

    def _was_asked_for(self, name: str) -> bool:
        with self._lock:
            known = name in self._known
            self._known[name] = None
            self._known.move_to_end(name)
            if len(self._known) > MAX_KNOWN:
                self._known.popitem(last=False)
            return known

    def _has_room(self, generation: int, size: int) -> bool:
        with self._lock:
            if generation != self._generation:
                self._generation, self._files, self._bytes = generation, 0, 0
            self._files += 1
            self._bytes += size
            full = self._files > MAX_FILES or self._bytes > MAX_BYTES
            if full:
                self._generation = 0
            return not full


def _make(file: str) -> None:
    os.close(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o644))


def _remove(folder: Path) -> None:
    """A folder of files, also while somebody who is late still puts one in. What is left then goes
    with the next start."""
    for _ in range(_ATTEMPTS):
        with suppress(OSError):
            for file in folder.iterdir():
                file.unlink(missing_ok=True)
            folder.rmdir()
            return
