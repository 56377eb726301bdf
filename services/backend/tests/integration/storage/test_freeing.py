"""What is deleted is gone at once, and takes no time of whoever deletes it to be freed."""

from __future__ import annotations

import errno
import multiprocessing
import os
import resource
import select
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import SimpleNamespace
from typing import Final

import pytest

from services.backend.tests.blobs import publish, read
from services.backend.tests.integration.storage.pictures import (
    KEY,
    OTHER,
    PICTURE,
    SHA256,
    THUMBNAIL,
    content_path,
    files_below,
)
from services.backend.tests.integration.storage.systems import Watched
from services.backend.tests.waiting import A_MOMENT, PATIENCE, wait_until
from shoebox.storage.disk import DiskStorage
from shoebox.storage.freeing import SCARCE_BYTES, SCARCE_FILES, SHARE, Freeing, Freer, make_line
from shoebox.storage.system import System

NEVER: Final = 3600.0  # seconds
FEW: Final = 1024  # descriptors that a process may have
TOO_MANY: Final = 10_000  # more messages than any line takes


class Room(Watched):
    """A disk that says how much room it has left."""

    def __init__(self, *, bytes_left: int = SCARCE_BYTES, files: int = 10**6, files_left: int = 10**6) -> None:
        super().__init__()
        self._told = SimpleNamespace(f_frsize=1, f_bavail=bytes_left, f_files=files, f_favail=files_left)

    def statvfs(self, _path: str) -> SimpleNamespace:
        return self._told


@pytest.fixture
def line() -> Iterator[tuple[socket.socket, socket.socket]]:
    give, take = make_line()
    with give, take:
        yield give, take


@contextmanager
def freer(take: socket.socket, *, delay: float = 0.0, system: System = os) -> Iterator[BaseProcess]:
    """One at work, as a process of its own."""
    fork = multiprocessing.get_context("fork")
    over = fork.Event()

    def wait(timeout: float, *readers: int) -> None:
        select.select(readers, (), (), min(timeout, A_MOMENT))

    process = fork.Process(target=Freer(system, take, wait=wait, draining=over.is_set, delay=delay).serve, daemon=True)
    process.start()
    try:
        yield process
    finally:
        over.set()
        process.join(PATIENCE)
        assert process.exitcode is not None, "it waits for what it has"


def unfreed(root: Path, process: str | int | None = "self") -> int:
    """How many files below it a process has open that have no name any more."""
    found = 0
    for fd in Path(f"/proc/{process}/fd").iterdir():
        try:
            path = str(fd.readlink())
        except FileNotFoundError:  # that of the list itself, or closed meanwhile
            continue
        found += path.startswith(str(root)) and path.endswith(" (deleted)")
    return found


def filled(storage: DiskStorage, count: int = 1) -> list[str]:
    names = [f"{number:012x}.jpg" for number in range(count)]
    for number, key in enumerate(names):
        publish(storage, PICTURE + bytes([number]), key)
        storage.put_thumbnail(key, 320, THUMBNAIL)
    return names


class Owned:
    """Something that is handed over, and how to learn that nobody has it open any more."""

    def __init__(self) -> None:
        self._end, self.descriptor = os.pipe()

    def is_freed(self) -> bool:
        readable, _, _ = select.select([self._end], (), (), 0)
        return bool(readable)

    def __enter__(self) -> Owned:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._end)


@pytest.mark.parametrize("sha256", [None, SHA256])
def test_picture_and_thumbnail_are_kept_by_the_freer_and_not_by_who_deletes(
    sha256: str | None, tmp_path: Path, line: tuple[socket.socket, socket.socket]
) -> None:
    storage = DiskStorage(tmp_path, system=Room(), freer=line[0])
    publish(storage, PICTURE, KEY)
    storage.put_thumbnail(KEY, 320, THUMBNAIL)
    with freer(line[1], delay=NEVER) as process:
        storage.delete(KEY, sha256)
        assert files_below(tmp_path) == []
        assert unfreed(tmp_path) == 0
        wait_until(lambda: unfreed(tmp_path, process.pid) == 2)


def test_what_was_handed_over_is_freed(tmp_path: Path, line: tuple[socket.socket, socket.socket]) -> None:
    freeing = Freeing(Room(), str(tmp_path), line[0])
    with freer(line[1], delay=0.05), ExitStack() as owned:
        for _ in range(3):
            several = [owned.enter_context(Owned()) for _ in range(5)]
            freeing.later([one.descriptor for one in several])
            wait_until(lambda several=several: all(one.is_freed() for one in several))


def test_the_freer_keeps_few_descriptors(tmp_path: Path, line: tuple[socket.socket, socket.socket]) -> None:
    storage = DiskStorage(tmp_path, system=Room(), freer=line[0])
    names = filled(storage, 200)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (FEW, hard))
    try:
        with freer(line[1], delay=NEVER) as process:
            for key in names:
                storage.delete(key)
            wait_until(lambda: unfreed(tmp_path, process.pid) == FEW // SHARE)
            assert unfreed(tmp_path) == 0
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert files_below(tmp_path) == []


def test_what_the_line_has_no_room_for_is_freed_at_once(
    tmp_path: Path, line: tuple[socket.socket, socket.socket]
) -> None:
    freeing = Freeing(Room(), str(tmp_path), line[0])
    for _ in range(TOO_MANY):
        with Owned() as owned:
            freeing.later([owned.descriptor])
            if owned.is_freed():
                break
    else:
        pytest.fail("there is no end to it")


def test_what_is_on_its_way_leaves_room_for_what_decoders_are_sent(tmp_path: Path) -> None:
    fork = multiprocessing.get_context("fork")
    told = fork.SimpleQueue()

    def fill() -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (FEW, FEW))
        give, _take = make_line()
        give.setblocking(False)
        file = os.open(tmp_path, os.O_PATH)
        with suppress(BlockingIOError):
            for number in range(TOO_MANY):
                socket.send_fds(give, [b"f"], [file] * 5)
                counted = (number + 1) * 5
        told.put(counted)

    process = fork.Process(target=fill, daemon=True)
    process.start()
    process.join(PATIENCE)
    assert process.exitcode == 0
    assert FEW // 10 < told.get() < FEW // 2


@pytest.mark.parametrize(
    "room",
    [Room(bytes_left=SCARCE_BYTES - 1), Room(files_left=SCARCE_FILES - 1)],
    ids=["few bytes left", "few files left"],
)
def test_on_a_disk_that_is_nearly_full_room_is_free_at_once(
    room: Room, tmp_path: Path, line: tuple[socket.socket, socket.socket]
) -> None:
    with Owned() as owned:
        Freeing(room, str(tmp_path), line[0]).later([owned.descriptor])
        assert owned.is_freed()


def test_a_disk_that_does_not_count_files_is_not_nearly_full(
    tmp_path: Path, line: tuple[socket.socket, socket.socket]
) -> None:
    with Owned() as owned:
        Freeing(Room(files=0, files_left=0), str(tmp_path), line[0]).later([owned.descriptor])
        assert not owned.is_freed()


def test_a_disk_that_cannot_say_what_is_left_has_its_room_at_once(
    tmp_path: Path, line: tuple[socket.socket, socket.socket]
) -> None:
    system = Watched(lambda _, name, __: errno.ENOSYS if name == "statvfs" else 0)
    with Owned() as owned:
        Freeing(system, str(tmp_path), line[0]).later([owned.descriptor])
        assert owned.is_freed()


def test_where_there_is_no_freer_room_is_free_at_once(tmp_path: Path) -> None:
    storage = DiskStorage(tmp_path, system=Room())
    for key in filled(storage):
        storage.delete(key)
    assert files_below(tmp_path) == []
    assert unfreed(tmp_path) == 0


def test_where_the_freer_is_gone_for_good_room_is_free_at_once(
    tmp_path: Path, line: tuple[socket.socket, socket.socket]
) -> None:
    line[1].close()
    with Owned() as owned:
        Freeing(Room(), str(tmp_path), line[0]).later([owned.descriptor])
        assert owned.is_freed()


def test_what_is_handed_over_while_there_is_no_freer_is_freed_by_the_next(
    tmp_path: Path, line: tuple[socket.socket, socket.socket]
) -> None:
    with Owned() as owned:
        Freeing(Room(), str(tmp_path), line[0]).later([owned.descriptor])
        assert not owned.is_freed()
        with freer(line[1]):
            wait_until(owned.is_freed)


def test_a_descriptor_that_fails_to_close_does_not_stop_the_next(
    tmp_path: Path, line: tuple[socket.socket, socket.socket]
) -> None:
    broken = Watched(lambda _, name, __: errno.EIO if name == "close" else 0)
    freeing = Freeing(Room(), str(tmp_path), line[0])
    with freer(line[1], system=broken), ExitStack() as owned:
        several = [owned.enter_context(Owned()) for _ in range(3)]
        freeing.later([one.descriptor for one in several])
        wait_until(lambda: all(one.is_freed() for one in several))


def test_a_freer_that_ends_does_not_wait(tmp_path: Path, line: tuple[socket.socket, socket.socket]) -> None:
    with freer(line[1], delay=NEVER) as process:
        for key in filled(storage := DiskStorage(tmp_path, system=Room(), freer=line[0])):
            storage.delete(key)
        wait_until(lambda: unfreed(tmp_path, process.pid) == 2)
    assert process.exitcode == 0


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
