"""What every storage promises to many who come at once (`ports.BlobStorage`)."""

from __future__ import annotations

from threading import Event

import pytest

from services.backend.tests.blobs import publish, read
from services.backend.tests.contract.storage.stores import PICTURE, THUMBNAIL, keys, together
from shoebox.domain.errors import NotFound
from shoebox.ports import BlobStorage


def test_twenty_equal_pictures_at_once_are_all_there(storage: BlobStorage) -> None:
    names = [f"{number:012x}.webp" for number in range(20)]
    together(20, lambda number: publish(storage, PICTURE, names[number]))
    assert keys(storage) == names
    assert {read(storage, name) for name in names} == {PICTURE}


def test_uploads_and_deletions_of_one_content_at_once_lose_nothing(storage: BlobStorage) -> None:
    def come_and_go(number: int) -> None:
        for turn in range(10):
            name = f"{number:06x}{turn:06x}.webp"
            publish(storage, PICTURE, name)
            assert read(storage, name) == PICTURE
            if turn != 5:
                storage.delete(name)

    together(10, come_and_go)
    names = [f"{number:06x}000005.webp" for number in range(10)]
    assert keys(storage) == names
    assert {read(storage, name) for name in names} == {PICTURE}


def test_a_deleted_picture_has_no_thumbnail_even_while_one_is_being_made(storage: BlobStorage) -> None:
    names = [f"{number:012x}.avif" for number in range(15)]
    for name in names:
        publish(storage, PICTURE, name)
    done = Event()

    def delete_all() -> None:
        try:
            for name in names:
                storage.delete(name)
                for _ in range(10):
                    with pytest.raises(NotFound):
                        storage.open_thumbnail(name, 320)
        finally:
            done.set()

    def make_all() -> None:
        while not done.is_set():
            for name in names:
                storage.put_thumbnail(name, 320, THUMBNAIL)

    together(4, lambda number: make_all() if number else delete_all())
