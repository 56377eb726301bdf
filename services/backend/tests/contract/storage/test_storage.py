"""What every storage promises of pictures (`ports.BlobStorage`)."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256

import pytest

from services.backend.tests.blobs import LATER, publish, read
from services.backend.tests.contract.storage.stores import KEY, OTHER, PICTURE, THUMBNAIL, keys, read_thumbnail
from shoebox.domain.errors import NotFound, ShoeboxError
from shoebox.ports import BlobStorage


def test_a_published_picture_is_read_back_byte_for_byte(storage: BlobStorage) -> None:
    publish(storage, PICTURE, KEY)
    assert read(storage, KEY) == PICTURE


def test_a_picture_can_be_read_from_any_place(storage: BlobStorage) -> None:
    publish(storage, PICTURE, KEY)
    with storage.open(KEY) as file:
        file.seek(-7, os.SEEK_END)
        assert file.read() == PICTURE[-7:]
        file.seek(2)
        assert file.read(5) == PICTURE[2:7]


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_a_staged_file_takes_any_bytes_and_counts_them(storage: BlobStorage, kind: Callable[[bytes], bytes]) -> None:
    with storage.stage() as staged:
        assert staged.size == 0
        staged.write(kind(b"abc"))
        staged.write(kind(b""))
        staged.write(kind(b"defg"))
        assert staged.size == 7
        storage.publish(staged, KEY, sha256(b"abcdefg").hexdigest())
    assert read(storage, KEY) == b"abcdefg"


def test_a_staged_file_is_no_picture_yet(storage: BlobStorage) -> None:
    with storage.stage() as staged:
        staged.write(PICTURE)
        assert keys(storage) == []


def test_a_staged_file_that_is_not_published_is_gone(storage: BlobStorage) -> None:
    with suppress(ConnectionResetError), storage.stage() as staged:
        staged.write(PICTURE)
        raise ConnectionResetError
    assert keys(storage) == []
    assert storage.remove_leftovers(LATER) == 0


def test_a_staged_file_may_be_rewritten_shorter_in_place(storage: BlobStorage) -> None:
    stripped = b"stripped of all metadata"
    with storage.stage() as staged:
        staged.write(PICTURE)
        os.pwrite(staged.fileno(), stripped, 0)
        os.ftruncate(staged.fileno(), len(stripped))
        assert os.pread(staged.fileno(), 100, 0) == stripped
        storage.publish(staged, KEY, sha256(stripped).hexdigest())
    assert read(storage, KEY) == stripped
    assert [file.size for file in storage.files()] == [len(stripped)]


def test_a_picture_that_is_not_there_is_not_found(storage: BlobStorage) -> None:
    publish(storage, PICTURE, KEY)
    with pytest.raises(NotFound):
        storage.open(OTHER)


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "..", "", "a/b.jpg", "k3\0.jpg", f"../images/k3/{KEY}", f"{KEY}\n", "k3J9xQ2mVb7c"]
)
def test_a_name_that_is_no_key_names_nothing(storage: BlobStorage, name: str) -> None:
    publish(storage, PICTURE, KEY)
    with pytest.raises(NotFound):
        storage.open(name)
    with pytest.raises(NotFound):
        storage.open_thumbnail(name, 320)


def test_a_picture_is_never_replaced(storage: BlobStorage) -> None:
    publish(storage, PICTURE, KEY)
    with pytest.raises(ShoeboxError):
        publish(storage, b"another", KEY)
    with pytest.raises(ShoeboxError):
        publish(storage, PICTURE, KEY)
    assert read(storage, KEY) == PICTURE
    assert keys(storage) == [KEY]


@pytest.mark.parametrize(("gone", "left"), [(KEY, OTHER), (OTHER, KEY)])
def test_of_two_equal_pictures_one_stays_when_the_other_is_deleted(storage: BlobStorage, gone: str, left: str) -> None:
    publish(storage, PICTURE, KEY)
    publish(storage, PICTURE, OTHER)
    storage.delete(gone)
    assert read(storage, left) == PICTURE
    with pytest.raises(NotFound):
        storage.open(gone)


def test_a_content_that_was_deleted_can_come_back(storage: BlobStorage) -> None:
    publish(storage, PICTURE, KEY)
    storage.delete(KEY)
    publish(storage, PICTURE, OTHER)
    assert read(storage, OTHER) == PICTURE


@pytest.mark.parametrize("told", [None, sha256(PICTURE).hexdigest()], ids=["untold", "told the hash"])
def test_a_deleted_picture_is_gone_with_its_thumbnails(storage: BlobStorage, told: str | None) -> None:
    publish(storage, PICTURE, KEY)
    for width in (160, 320, 640, 1280):
        storage.put_thumbnail(KEY, width, THUMBNAIL)
    storage.delete(KEY, told)
    with pytest.raises(NotFound):
        storage.open(KEY)
    for width in (160, 320, 640, 1280):
        with pytest.raises(NotFound):
            storage.open_thumbnail(KEY, width)
    assert keys(storage) == []


def test_who_reads_a_picture_while_it_is_deleted_reads_all_of_it(storage: BlobStorage) -> None:
    publish(storage, PICTURE, KEY)
    with storage.open(KEY) as file:
        start = file.read(10)
        storage.delete(KEY)
        assert start + file.read() == PICTURE


def test_deleting_what_is_not_there_is_no_error(storage: BlobStorage) -> None:
    storage.delete(KEY)
    publish(storage, PICTURE, KEY)
    storage.delete(KEY)
    storage.delete(KEY)
    assert keys(storage) == []


def test_files_tells_every_picture_and_its_size_once(storage: BlobStorage) -> None:
    sizes = {f"{number:012x}.gif": number for number in range(1, 60)}
    for key, size in sizes.items():
        publish(storage, b"x" * size, key)
        storage.put_thumbnail(key, 160, THUMBNAIL)
    found = list(storage.files())
    assert {file.key: file.size for file in found} == sizes
    assert len(found) == len(sizes)


def test_a_new_picture_is_young_even_if_its_content_is_old(storage: BlobStorage) -> None:
    before = time.time() - 5
    publish(storage, PICTURE, KEY)
    publish(storage, PICTURE, OTHER)
    assert all(before < file.modified < time.time() + 5 for file in storage.files())


def test_pictures_may_be_deleted_while_they_are_told(storage: BlobStorage) -> None:
    for number in range(40):
        publish(storage, b"x" * number, f"{number:012x}.gif")
    for file in storage.files():
        storage.delete(file.key)
    assert keys(storage) == []


def test_what_a_key_names_is_no_leftover(storage: BlobStorage) -> None:
    publish(storage, PICTURE, KEY)
    publish(storage, PICTURE, OTHER)
    storage.put_thumbnail(KEY, 320, THUMBNAIL)
    storage.delete(OTHER)
    assert storage.remove_leftovers(LATER) == 0
    assert read(storage, KEY) == PICTURE
    assert read_thumbnail(storage, KEY, 320) == THUMBNAIL


def test_a_probe_of_a_sound_storage_leaves_nothing(storage: BlobStorage) -> None:
    storage.probe()
    assert keys(storage) == []
    assert storage.remove_leftovers(LATER) == 0
