"""Lists by cursor: walking both ways, also while pictures come and go."""

from __future__ import annotations

import random

import pytest

from services.backend.tests.pictures import SORTS, in_order, new_image, stock
from shoebox.domain.image import Image
from shoebox.domain.listing import Cursor, Direction, Filter, Listing, ListQuery, PageNumber, Sort, SortField
from shoebox.ports import ImageRepository

SIZE = 7
OLDEST_FIRST = Sort(field=SortField.AGE, direction=Direction.ASCENDING)
EVERYTHING = Filter()


def read(repository: ImageRepository, sort: Sort, place: PageNumber | Cursor, chosen: Filter = EVERYTHING) -> Listing:
    return repository.page(ListQuery(sort=sort, filter=chosen, place=place, size=SIZE))


def walk(repository: ImageRepository, sort: Sort, chosen: Filter = EVERYTHING) -> list[Listing]:
    """Page after page from the first, by cursor."""
    listings = [read(repository, sort, PageNumber(), chosen)]
    while place := listings[-1].next:
        listings.append(read(repository, sort, place, chosen))
    return listings


def walk_back(repository: ImageRepository, last: Listing) -> list[Listing]:
    """Page before page up to the first; in the order of the list."""
    listings = [last]
    while place := listings[0].previous:
        listings.insert(0, read(repository, last.query.sort, place, last.query.filter))
    return listings


def pictures(listings: list[Listing]) -> list[Image]:
    return [image for listing in listings for image in listing.images]


@pytest.mark.parametrize("count", [1, SIZE, 5 * SIZE - 1, 5 * SIZE])
def test_a_walk_there_and_back_holds_each_picture_once_and_in_order(repository: ImageRepository, count: int) -> None:
    images = stock(repository, count)
    for sort in SORTS:
        there = walk(repository, sort)
        assert pictures(there) == in_order(images, sort)
        assert pictures(walk_back(repository, there[-1])) == in_order(images, sort)


@pytest.mark.parametrize(
    "chosen", [Filter(collection="mine"), Filter(text="name"), Filter(collection="mine", text="name")]
)
def test_a_walk_keeps_to_its_filter(repository: ImageRepository, chosen: Filter) -> None:
    repository.add(new_image("other.jpg", collection="others"))
    images = stock(repository, 3 * SIZE, collection="mine")
    repository.add(new_image("other.jpg", collection="others"))
    for sort in SORTS:
        there = walk(repository, sort, chosen)
        assert pictures(there) == in_order(images, sort)
        assert pictures(walk_back(repository, there[-1])) == in_order(images, sort)


def test_pages_know_their_number_their_total_and_whether_there_are_others(repository: ImageRepository) -> None:
    stock(repository, 3 * SIZE)
    there = walk(repository, OLDEST_FIRST)
    for listings in (there, walk_back(repository, there[-1])):
        assert [listing.number for listing in listings] == [1, 2, 3]
        assert [listing.total for listing in listings] == [3 * SIZE] * 3
        assert [listing.previous is None for listing in listings] == [True, False, False]
        assert [listing.next is None for listing in listings] == [False, False, True]


def test_a_page_by_number_leads_to_its_neighbours(repository: ImageRepository) -> None:
    images = in_order(stock(repository, 5 * SIZE), OLDEST_FIRST)
    middle = read(repository, OLDEST_FIRST, PageNumber(number=3))
    assert middle.previous is not None
    assert middle.next is not None
    before, after = (read(repository, OLDEST_FIRST, place) for place in (middle.previous, middle.next))
    assert list(before.images) == images[SIZE : 2 * SIZE]
    assert list(after.images) == images[3 * SIZE : 4 * SIZE]
    assert (before.number, after.number) == (2, 4)


def test_a_cursor_holds_when_the_picture_it_came_from_is_gone(repository: ImageRepository) -> None:
    images = in_order(stock(repository, 3 * SIZE), OLDEST_FIRST)
    first = read(repository, OLDEST_FIRST, PageNumber())
    assert first.next is not None
    repository.delete(images[SIZE - 1].key)
    assert list(read(repository, OLDEST_FIRST, first.next).images) == images[SIZE : 2 * SIZE]


def test_a_first_page_has_no_previous_one_after_all_before_it_went(repository: ImageRepository) -> None:
    images = in_order(stock(repository, 2 * SIZE), OLDEST_FIRST)
    first = read(repository, OLDEST_FIRST, PageNumber())
    assert first.next is not None
    for image in images[:SIZE]:
        repository.delete(image.key)
    second = read(repository, OLDEST_FIRST, first.next)
    assert (list(second.images), second.previous, second.number) == (images[SIZE:], None, 1)


@pytest.mark.parametrize("sort", SORTS)
def test_a_page_that_emptied_leads_back_to_all_that_is_left(repository: ImageRepository, sort: Sort) -> None:
    images = in_order(stock(repository, 2 * SIZE), sort)
    first = read(repository, sort, PageNumber())
    assert first.next is not None
    for image in images[SIZE:]:
        repository.delete(image.key)
    empty = read(repository, sort, first.next)
    assert (empty.images, empty.total, empty.next) == ((), SIZE, None)
    assert empty.previous is not None
    assert list(read(repository, sort, empty.previous).images) == images[:SIZE]


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("backward", [False, True])
def test_a_walk_while_pictures_come_and_go_shows_none_twice_and_skips_none(
    repository: ImageRepository, sort: Sort, backward: bool
) -> None:
    chance = random.Random(f"{sort}{backward}")
    coming_and_going = stock(repository, 6 * SIZE)
    staying = {image.id for image in stock(repository, 6 * SIZE)}
    pages = read(repository, sort, PageNumber()).pages
    listing = read(repository, sort, PageNumber(number=pages if backward else 1))
    seen = list(listing.images)
    while place := listing.previous if backward else listing.next:
        for _ in range(3):
            repository.delete(coming_and_going.pop(chance.randrange(len(coming_and_going))).key)
            fresh = new_image(f"Name {chance.randrange(7)}.jpg", size=chance.randrange(5), seconds=chance.randrange(11))
            repository.add(fresh)
        listing = read(repository, sort, place)
        seen[:0] = listing.images if backward else ()
        seen += () if backward else listing.images
    assert len({image.id for image in seen}) == len(seen)
    assert staying <= {image.id for image in seen}
    assert seen == in_order(seen, sort)


@pytest.mark.parametrize("extreme", [-(10**40), 10**40])
@pytest.mark.parametrize("field", [SortField.AGE, SortField.SIZE])
def test_a_made_up_cursor_finds_what_is_beyond_it(repository: ImageRepository, field: SortField, extreme: int) -> None:
    images = stock(repository, 3)
    sort = Sort(field=field, direction=Direction.ASCENDING)
    place = Cursor(sort=sort, value=extreme, id=extreme, backward=False, number=1)
    assert list(read(repository, sort, place).images) == (in_order(images, sort) if extreme < 0 else [])


@pytest.mark.parametrize("number", [-(10**40), 10**40])
def test_a_made_up_id_places_a_cursor_before_or_behind_all_ties(repository: ImageRepository, number: int) -> None:
    images = [repository.add(new_image(size=5)) for _ in range(3)]
    sort = Sort(field=SortField.SIZE, direction=Direction.ASCENDING)
    place = Cursor(sort=sort, value=5, id=number, backward=False, number=1)
    assert list(read(repository, sort, place).images) == (images if number < 0 else [])
