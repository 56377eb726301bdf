"""Rows: put in, read, removed, walked over; and the leases beside them."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC

import pytest

from services.backend.tests.pictures import new_image, stock
from shoebox.domain.errors import NotFound
from shoebox.domain.image import Image
from shoebox.domain.listing import ListQuery
from shoebox.ports import ImageRepository

NAMES = ["Beach day.JPG", "İstanbul Straße.png", "Привет 👨‍👩‍👧.webp", "a'b\"c\\d%e_f;--.gif", "名前.avif", "x" * 255]


@pytest.mark.parametrize("name", NAMES)
def test_a_picture_is_read_as_it_was_added(repository: ImageRepository, name: str) -> None:
    added = repository.add(new_image(name, collection="Summer-26"))
    assert repository.get(added.key) == added
    assert added.original_name == name


def test_the_time_of_upload_is_kept_to_the_microsecond_and_in_utc(repository: ImageRepository) -> None:
    stored = repository.get(repository.add(new_image(seconds=0.000001)).key)
    assert (stored.uploaded_at.microsecond, stored.uploaded_at.tzinfo) == (123457, UTC)


def test_an_id_is_not_used_again_after_a_deletion(repository: ImageRepository) -> None:
    last = stock(repository, 3)[-1]
    repository.delete(last.key)
    assert repository.add(new_image()).id > last.id


def test_adding_the_same_picture_twice_is_adding_it_once(repository: ImageRepository) -> None:
    image = new_image()
    assert repository.add(image) == repository.add(image)
    assert repository.page(ListQuery()).total == 1


@pytest.mark.parametrize("key", ["absent.jpg", "", "nul\0.jpg", "half a pair \ud83d.jpg", "' OR '1'='1"])
def test_a_key_without_a_row_is_not_found(repository: ImageRepository, key: str) -> None:
    stock(repository, 2)
    with pytest.raises(NotFound):
        repository.get(key)
    with pytest.raises(NotFound):
        repository.delete(key)


def test_keys_are_case_sensitive(repository: ImageRepository) -> None:
    repository.add(new_image(key="aBc.jpg"))
    with pytest.raises(NotFound):
        repository.get("abc.jpg")


def test_a_deletion_returns_the_picture_and_is_final(repository: ImageRepository) -> None:
    kept, removed = stock(repository, 2)
    assert repository.delete(removed.key) == removed
    with pytest.raises(NotFound):
        repository.delete(removed.key)
    assert repository.page(ListQuery()).images == (kept,)


def test_of_a_thousand_keys_those_with_a_row_are_known(repository: ImageRepository) -> None:
    there = {image.key for image in stock(repository, 5)}
    assert repository.known([*there, *(f"absent{n}.jpg" for n in range(994)), "nul\0.jpg"]) == there
    assert repository.known([]) == frozenset()


def test_all_keys_are_walked_in_order_a_few_at_a_time(repository: ImageRepository) -> None:
    there = sorted(image.key for image in stock(repository, 25))
    walked: list[str] = []
    while batch := repository.keys(after=walked[-1] if walked else "", limit=4):
        walked += batch
    assert walked == there


def test_all_rows_are_walked_in_order_of_their_keys_a_few_at_a_time(repository: ImageRepository) -> None:
    there = sorted(stock(repository, 25), key=lambda image: image.key)
    walked: list[Image] = []
    while batch := repository.images(after=walked[-1].key if walked else "", limit=4):
        walked += batch
    assert walked == there


def test_a_lease_is_held_by_one(repository: ImageRepository) -> None:
    assert repository.lease("sweep", 60)
    assert not repository.lease("sweep", 60)


def test_a_lease_whose_time_is_over_is_free(repository: ImageRepository) -> None:
    assert repository.lease("sweep", 0)
    assert repository.lease("sweep", 60)
    assert not repository.lease("sweep", 0)


def test_a_lease_does_not_hinder_another(repository: ImageRepository) -> None:
    assert repository.lease("sweep", 60)
    assert repository.lease("backup", 60)


def test_a_database_says_who_it_is_and_stays_the_same(repository: ImageRepository) -> None:
    with ThreadPoolExecutor(8) as pool:
        said = set(pool.map(lambda _: repository.identity(), range(16)))
    assert said == {repository.identity()}
    assert re.fullmatch("[0-9a-f]{32}", said.pop())


def test_a_ping_of_a_database_that_is_there_is_silent(repository: ImageRepository) -> None:
    repository.ping()
