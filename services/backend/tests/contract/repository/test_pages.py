"""Lists by page number: order, totals, filters."""

from __future__ import annotations

import pytest

from services.backend.tests.pictures import SORTS, in_order, new_image, stock
from shoebox.domain.image import Image
from shoebox.domain.listing import Direction, Filter, ListQuery, PageNumber, Sort, SortField
from shoebox.domain.names import fold
from shoebox.ports import ImageRepository

SIZE = 7
EVERYTHING = Filter()


def read_all(repository: ImageRepository, sort: Sort, chosen: Filter = EVERYTHING, *, size: int = SIZE) -> list[Image]:
    """Every page by its number, from the last to the first."""
    pages = repository.page(ListQuery(sort=sort, filter=chosen, size=size)).pages
    found: list[Image] = []
    for number in range(pages, 0, -1):
        place = PageNumber(number=number)
        found[:0] = repository.page(ListQuery(sort=sort, filter=chosen, place=place, size=size)).images
    return found


def names_found(repository: ImageRepository, text: str, collection: str | None = None) -> list[str]:
    """The names that hold `text`, by name, and the total that goes with them."""
    sort = Sort(field=SortField.NAME, direction=Direction.ASCENDING)
    listing = repository.page(ListQuery(sort=sort, filter=Filter(text=fold(text), collection=collection), size=100))
    assert listing.total == len(listing.images)
    return [image.original_name for image in listing.images]


def test_an_empty_store_has_no_pages(repository: ImageRepository) -> None:
    listing = repository.page(ListQuery())
    assert (listing.images, listing.total, listing.pages, listing.next, listing.previous) == ((), 0, 0, None, None)


# 450 rows: pages near the start, far from it, far from the end and near the end.
@pytest.mark.parametrize("count", [1, SIZE, SIZE + 1, 450])
def test_the_pages_of_every_order_hold_each_picture_once_and_in_order(repository: ImageRepository, count: int) -> None:
    images = stock(repository, count)
    for sort in SORTS:
        assert read_all(repository, sort) == in_order(images, sort)


def test_pages_that_are_asked_for_again_follow_every_change(repository: ImageRepository) -> None:
    images = stock(repository, 2 * SIZE)
    for gone in (0, SIZE, -1):
        for sort in SORTS:
            assert read_all(repository, sort) == in_order(images, sort)
            assert repository.page(ListQuery(sort=sort, size=SIZE)).total == len(images)
        images.append(repository.add(new_image(f"new {gone}.jpg", seconds=gone)))
        images.append(repository.add(new_image(f"newer {gone}.jpg", seconds=100 + gone)))
        repository.delete(images.pop(gone).key)


def test_the_pages_of_a_collection_hold_its_pictures_only(repository: ImageRepository) -> None:
    stock(repository, 20)
    images = stock(repository, 240, collection="Summer")
    stock(repository, 20, collection="summer")
    for sort in SORTS:
        assert read_all(repository, sort, Filter(collection="Summer")) == in_order(images, sort)


def test_the_pages_of_a_search_hold_its_matches_only(repository: ImageRepository) -> None:
    images = [image for image in stock(repository, 500) if image.original_name == "Name 3.jpg"]
    for sort in SORTS:
        assert read_all(repository, sort, Filter(text="me 3"), size=3) == in_order(images, sort)


def test_totals_are_those_of_the_filter(repository: ImageRepository) -> None:
    stock(repository, 5)
    images = stock(repository, 8, collection="a")
    repository.delete(images[0].key)
    totals = [
        repository.page(ListQuery(filter=chosen)).total
        for chosen in (Filter(), Filter(collection="a"), Filter(collection="b"), Filter(text="name 1"))
    ]
    assert totals == [12, 7, 0, 2]


def test_names_are_ordered_by_code_point_after_folding(repository: ImageRepository) -> None:
    names = [
        "zebra",
        "Äpfel",
        "apple",
        "Zoo",
        "İ",
        "i",
        "ß",
        "ss",
        "Straße",
        "STRASSE",
        "яблоко",
        "Яблоко",
        "😀",
        "名",
        "_",
        "é",
    ]
    images = [repository.add(new_image(name)) for name in names]
    sort = Sort(field=SortField.NAME, direction=Direction.ASCENDING)
    listing = repository.page(ListQuery(sort=sort, size=100))
    assert list(listing.images) == in_order(images, sort)
    assert [image.original_name for image in listing.images][:2] == ["_", "apple"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("100%", ["100% sure"]),
        ("%", ["%", "100% sure"]),
        ("_", ["a_b"]),
        ("a_b", ["a_b"]),
        ("\\", ["back\\slash"]),
        ("STRASSE", ["Straße", "STRASSEN"]),
        ("ß", ["Straße", "STRASSEN"]),
        ("привет", ["ПРИВЕТ мир"]),
        ("👧", ["👨‍👩‍👧"]),
        ("i", []),
        ("nul\0", []),
        ("half \ud83d", []),
        ("'; DROP TABLE images; --", []),
    ],
)
def test_a_search_finds_the_text_itself_in_any_case(
    repository: ImageRepository, text: str, expected: list[str]
) -> None:
    for name in ("100% sure", "%", "a_b", "axb", "back\\slash", "Straße", "STRASSEN", "ПРИВЕТ мир", "👨‍👩‍👧"):
        repository.add(new_image(name))
    assert sorted(names_found(repository, text)) == sorted(expected)


def test_a_search_within_a_collection_meets_both(repository: ImageRepository) -> None:
    repository.add(new_image("cat", collection="pets"))
    repository.add(new_image("dog", collection="pets"))
    repository.add(new_image("cat", collection="toys"))
    assert names_found(repository, "CAT", "pets") == ["cat"]


@pytest.mark.parametrize("number", [4, 1000, 10**9, 10**30])
def test_a_page_past_the_last_is_empty_and_knows_the_total(repository: ImageRepository, number: int) -> None:
    stock(repository, 20)
    listing = repository.page(ListQuery(place=PageNumber(number=number)))
    assert (listing.images, listing.total, listing.number, listing.next) == ((), 20, number, None)


def test_a_far_page_is_right_after_the_store_has_shrunk_and_grown(repository: ImageRepository) -> None:
    images = stock(repository, 300)
    for sort in SORTS:
        read_all(repository, sort)
    for image in images[20:]:
        repository.delete(image.key)
    assert repository.page(ListQuery(place=PageNumber(number=30))).images == ()
    images = images[:20] + stock(repository, 380)
    for sort in SORTS:
        assert read_all(repository, sort) == in_order(images, sort)
