"""What is deleted is gone at once, and takes no time of whoever deletes it to be freed."""

from __future__ import annotations

import errno
import multiprocessing
import os
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Final

import pytest

from services.backend.tests.integration.storage.pictures import (
    KEY,
    OTHER,
    PICTURE,
    SHA256,
    THUMBNAIL,
    content_path,
    files_below,
    publish,
    read,
)
from services.backend.tests.integration.storage.systems import Watched
from shoebox.storage.disk import DiskStorage
from shoebox.storage.freeing import SCARCE_BYTES, SCARCE_FILES, SHARE, Freeing

PATIENCE: Final = 60.0  # seconds
A_MOMENT: Final = 0.01  # seconds between two looks
NEVER: Final = 3600.0  # seconds
FEW: Final = 1024  # descriptors that a process may have


class Room(Watched):
    """A disk that says how much room it has left."""

    def __init__(self, *, bytes_left: int = SCARCE_BYTES, files: int = 10**6, files_left: int = 10**6) -> None:
        super().__init__()
        self._told = SimpleNamespace(f_frsize=1, f_bavail=bytes_left, f_files=files, f_favail=files_left)

    def statvfs(self, _path: str) -> SimpleNamespace:
        return self._told


@pytest.fixture
def few_descriptors() -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (FEW, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def unfreed(root: Path) -> int:
    """How many files below it this process has open that have no name any more."""
    found = 0
    for fd in Path("/proc/self/fd").iterdir():
        try:
            path = str(fd.readlink())
        except FileNotFoundError:  # that of the list itself, or closed meanwhile
            continue
        found += path.startswith(str(root)) and path.endswith(" (deleted)")
    return found


def wait_until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end
        time.sleep(A_MOMENT)


def filled(storage: DiskStorage, count: int = 1) -> list[str]:
    names = [f"{number:012x}.jpg" for number in range(count)]
    for number, key in enumerate(names):
        publish(storage, PICTURE + bytes([number]), key)
        storage.put_thumbnail(key, 320, THUMBNAIL)
    return names


def descriptor(root: Path) -> int:
    """Of a file without a name."""
    return os.open(root, os.O_RDWR | os.O_TMPFILE)


def is_open(fd: int) -> bool:
    try:
        os.fstat(fd)
    except OSError:
        return False
    return True


@pytest.mark.parametrize("sha256", [None, SHA256])
def test_picture_and_thumbnail_are_freed_after_the_deletion(sha256: str | None, tmp_path: Path) -> None:
    storage = DiskStorage(tmp_path, system=Room())
    publish(storage, PICTURE, KEY)
    storage.put_thumbnail(KEY, 320, THUMBNAIL)
    storage.delete(KEY, sha256)
    assert files_below(tmp_path) == []
    assert unfreed(tmp_path) == 2
    wait_until(lambda: unfreed(tmp_path) == 0)


def test_many_deletions_keep_few_descriptors_and_none_for_ever(few_descriptors: None, tmp_path: Path) -> None:
    storage = DiskStorage(tmp_path, system=Room())
    most = 0
    for key in filled(storage, 100):
        storage.delete(key)
        most = max(most, unfreed(tmp_path))
    assert most == FEW // SHARE
    assert files_below(tmp_path) == []
    wait_until(lambda: unfreed(tmp_path) == 0)


@pytest.mark.parametrize(
    "room",
    [Room(bytes_left=SCARCE_BYTES - 1), Room(files_left=SCARCE_FILES - 1)],
    ids=["few bytes left", "few files left"],
)
def test_on_a_disk_that_is_nearly_full_room_is_free_at_once(room: Room, tmp_path: Path) -> None:
    storage = DiskStorage(tmp_path, system=room)
    for key in filled(storage):
        storage.delete(key)
    assert unfreed(tmp_path) == 0


def test_a_disk_that_does_not_count_files_is_not_nearly_full(tmp_path: Path) -> None:
    storage = DiskStorage(tmp_path, system=Room(files=0, files_left=0))
    for key in filled(storage):
        storage.delete(key)
    assert unfreed(tmp_path) == 2


def test_a_disk_that_cannot_say_what_is_left_has_its_room_at_once(tmp_path: Path) -> None:
    system = Watched(lambda _, name, __: errno.ENOSYS if name == "statvfs" else 0)
    storage = DiskStorage(tmp_path, system=system)
    for key in filled(storage):
        storage.delete(key)
    assert unfreed(tmp_path) == 0


def test_where_no_thread_can_be_started_room_is_free_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    storage = DiskStorage(tmp_path, system=Room())
    names = filled(storage)
    monkeypatch.setattr(threading.Thread, "start", refuse)
    for key in names:
        storage.delete(key)
    assert unfreed(tmp_path) == 0


def test_a_descriptor_that_fails_to_close_does_not_stop_the_next(tmp_path: Path) -> None:
    system = Room()
    system.refuses = lambda _, name, __: errno.EIO if name == "close" else 0
    freeing = Freeing(system, str(tmp_path), delay=0)
    files = [descriptor(tmp_path) for _ in range(3)]
    freeing.later(files)
    wait_until(lambda: not any(map(is_open, files)))


def test_who_starts_again_after_a_rest_is_served_again(tmp_path: Path) -> None:
    freeing = Freeing(Room(), str(tmp_path), delay=0)
    for _ in range(20):
        file = descriptor(tmp_path)
        freeing.later([file])
        wait_until(lambda file=file: not is_open(file))


def test_a_forked_process_frees_what_it_deletes(tmp_path: Path) -> None:
    freeing = Freeing(Room(), str(tmp_path), delay=0.5)
    freeing.later([descriptor(tmp_path)])

    def child() -> None:
        file = descriptor(tmp_path)
        freeing.later([file])
        wait_until(lambda: not is_open(file))

    process = multiprocessing.get_context("fork").Process(target=child, daemon=True)
    process.start()
    process.join(PATIENCE)
    assert process.exitcode == 0
    wait_until(lambda: unfreed(tmp_path) == 0)


def test_a_process_that_ends_does_not_wait(tmp_path: Path) -> None:
    program = (
        "import os, sys; sys.path[:] = sys.argv[2:];"
        "from services.backend.tests.integration.storage.test_freeing import NEVER, Room, descriptor;"
        "from shoebox.storage.freeing import Freeing; from pathlib import Path;"
        "root = Path(sys.argv[1]); Freeing(Room(), str(root), delay=NEVER).later([descriptor(root)])"
    )
    command = [sys.executable, "-c", program, str(tmp_path), *sys.path]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_deletion_that_is_told_the_hash_reads_nothing(tmp_path: Path) -> None:
    storage = DiskStorage(tmp_path, system=(system := Watched()))
    publish(storage, PICTURE, KEY)
    system.calls.clear()
    storage.delete(KEY, SHA256)
    flags = [arguments[1] for name, arguments in system.calls if name == "open" and KEY in str(arguments[0])]
    assert flags
    assert all(int(str(flag)) & os.O_PATH for flag in flags)
    assert files_below(tmp_path) == []


def test_a_deletion_that_is_told_a_wrong_hash_takes_nobody_elses_content(tmp_path: Path) -> None:
    storage = DiskStorage(tmp_path)
    publish(storage, PICTURE, KEY)
    publish(storage, b"another", OTHER)
    storage.delete(OTHER, SHA256)
    assert read(storage, KEY) == PICTURE
    assert content_path(tmp_path).exists()
    assert storage.remove_leftovers(time.time() + NEVER) == 1
