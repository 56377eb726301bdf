"""Many at once: nothing lost, nothing counted twice, one winner."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

from services.backend.tests.pictures import new_image, stock
from shoebox.domain.errors import NotFound
from shoebox.domain.listing import Filter, ListQuery
from shoebox.ports import ImageRepository

T = TypeVar("T")


def at_once(count: int, work: Callable[[int], T]) -> list[T]:
    """What `count` threads that start together return."""
    together = Barrier(count)

    def start(number: int) -> T:
        together.wait(30)
        return work(number)

    with ThreadPoolExecutor(count) as threads:
        return list(threads.map(start, range(count)))


def test_totals_are_exact_after_sixteen_writers_at_once(repository: ImageRepository) -> None:
    def write(writer: int) -> None:
        images = [repository.add(new_image(collection=f"c{(writer + n) % 3}" if n % 4 else None)) for n in range(12)]
        for image in images[:5]:
            repository.delete(image.key)

    at_once(16, write)
    listing = repository.page(ListQuery(size=100))
    assert listing.total == 16 * 7
    everything = listing.images + repository.page(ListQuery(size=100, place=listing.next or listing.query.place)).images
    for name in ("c0", "c1", "c2"):
        there = sum(image.collection == name for image in everything)
        assert repository.page(ListQuery(filter=Filter(collection=name))).total == there


def test_every_list_shows_as_many_pictures_as_its_total_while_others_write(repository: ImageRepository) -> None:
    def write_or_read(number: int) -> list[tuple[int, int]]:
        if number % 2:
            for image in stock(repository, 10)[::2]:
                repository.delete(image.key)
            return []
        listings = [repository.page(ListQuery(size=100)) for _ in range(20)]
        return [(len(listing.images), listing.total) for listing in listings]

    for pairs in at_once(8, write_or_read):
        assert all(shown == total for shown, total in pairs)


def test_of_twenty_deletions_of_one_picture_one_succeeds(repository: ImageRepository) -> None:
    image = repository.add(new_image())

    def delete(_: int) -> bool:
        try:
            return repository.delete(image.key) == image
        except NotFound:
            return False

    assert sum(at_once(20, delete)) == 1
    assert repository.page(ListQuery()).total == 0


def test_of_twenty_who_want_a_lease_one_gets_it(repository: ImageRepository) -> None:
    assert sum(at_once(20, lambda _: repository.lease("sweep", 60))) == 1


def test_whoever_adds_a_picture_sees_it_at_once(repository: ImageRepository) -> None:
    def add_and_look(_: int) -> bool:
        image = repository.add(new_image(seconds=1))
        return repository.get(image.key) == image and image in repository.page(ListQuery(size=100)).images

    assert all(at_once(16, add_and_look))
