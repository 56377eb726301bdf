"""What every storage promises of thumbnails (`ports.BlobStorage`)."""

from __future__ import annotations

import time
from contextlib import suppress

import pytest

from services.backend.tests.blobs import publish
from services.backend.tests.contract.storage.stores import KEY, OTHER, PICTURE, THUMBNAIL, read_thumbnail, together
from shoebox.domain.errors import InvalidImage, NotFound
from shoebox.ports import BlobStorage


def test_a_thumbnail_is_read_back_and_can_be_replaced(storage: BlobStorage) -> None:
    publish(storage, PICTURE, KEY)
    storage.put_thumbnail(KEY, 320, b"first")
    storage.put_thumbnail(KEY, 320, THUMBNAIL)
    storage.put_thumbnail(KEY, 640, b"wider")
    assert read_thumbnail(storage, KEY, 320) == THUMBNAIL
    assert read_thumbnail(storage, KEY, 640) == b"wider"


def test_the_thumbnail_that_comes_with_a_picture_goes_with_it(storage: BlobStorage) -> None:
    publish(storage, PICTURE, KEY)
    storage.put_thumbnail(KEY, 320, THUMBNAIL, unseen=True)
    assert read_thumbnail(storage, KEY, 320) == THUMBNAIL
    storage.delete(KEY)
    with pytest.raises(NotFound):
        storage.open_thumbnail(KEY, 320)


def test_a_thumbnail_that_was_not_made_is_not_found(storage: BlobStorage) -> None:
    publish(storage, PICTURE, KEY)
    storage.put_thumbnail(KEY, 320, THUMBNAIL)
    with pytest.raises(NotFound):
        storage.open_thumbnail(KEY, 640)
    with pytest.raises(NotFound):
        storage.open_thumbnail(OTHER, 320)


def test_a_thumbnail_of_a_deleted_picture_is_not_kept(storage: BlobStorage) -> None:
    publish(storage, PICTURE, KEY)
    storage.delete(KEY)
    storage.put_thumbnail(KEY, 320, THUMBNAIL)
    with pytest.raises(NotFound):
        storage.open_thumbnail(KEY, 320)


def test_one_caller_at_a_time_makes_a_thumbnail(storage: BlobStorage) -> None:
    inside: list[int] = []
    most = 0

    def make(number: int) -> None:
        nonlocal most
        with storage.making(KEY, 320):
            inside.append(number)
            most = max(most, len(inside))
            time.sleep(0.005)
            inside.remove(number)

    together(8, make)
    assert most == 1


def test_who_fails_to_make_a_thumbnail_lets_the_next_one_try(storage: BlobStorage) -> None:
    with suppress(InvalidImage), storage.making(KEY, 320):
        raise InvalidImage("damaged")
    with storage.making(KEY, 320):
        storage.put_thumbnail(KEY, 320, THUMBNAIL)
