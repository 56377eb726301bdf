"""A page of images as bytes, of which most are written once for many pages."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from shoebox.domain.image import Facts, Format, Image
from shoebox.domain.listing import Cursor, Listing, ListQuery, Sort
from shoebox.web.cursors import encode_cursor
from shoebox.web.page_json import MAX_KNOWN, listing_json
from shoebox.web.presenters import image_json
from shoebox.web.response import json_bytes

HOSTS = ("http://localhost:8080", "https://photos.example", "http://[::1]:8000", "https://a.example/ö", "")
# What could be taken for a place to put something into, or for the end of a text.
TEXT = st.text(max_size=12) | st.sampled_from(
    [
        '"absolute_url":"',
        '","absolute_url":"',
        "\\",
        '\\"',
        "\ud800",
        "\udfff\ud83d",
        "%b%d",
        "{}",
        "\u2028",
        "\0",
        "🌅",
    ]
)

facts = st.builds(
    Facts,
    format=st.sampled_from(Format),
    width=st.integers(1, 10**6),
    height=st.integers(1, 10**6),
    size=st.integers(0, 2**62),
    sha256=st.sampled_from(("ab" * 32, "00" * 32)),
    color=st.sampled_from(("#000000", "#8a7f6b")),
)
images = st.builds(
    Image,
    # Few ids, so that one and the same stands for several pictures, as of several stores.
    id=st.integers(1, 5),
    key=TEXT,
    original_name=TEXT,
    uploaded_at=st.datetimes(timezones=st.just(UTC)),
    collection=st.none() | TEXT,
    facts=facts,
)
cursors = st.none() | st.builds(
    Cursor, sort=st.just(Sort()), value=st.integers(), id=st.integers(1), backward=st.booleans(), number=st.integers(1)
)
listings = st.builds(
    Listing,
    query=st.builds(ListQuery, size=st.integers(1, 100)),
    images=st.lists(images, max_size=6).map(tuple),
    total=st.integers(0, 10**7),
    number=st.integers(1, 10**6),
    next=cursors,
    previous=cursors,
)


def in_one_go(listing: Listing, base_url: str) -> bytes:
    """The same page, all of it written anew."""
    query = listing.query
    page = {
        "files": [image.key for image in listing.images],
        "total_pages": listing.pages,
        "images": [
            image_json(image, base_url) | {"upload_date": image.uploaded_at.isoformat(" ", "seconds")[:19]}
            for image in listing.images
        ],
        "page": listing.number,
        "per_page": query.size,
        "total_items": listing.total,
        "sort_param": "sort_age",
        "sort_value": "desc",
        "next_cursor": listing.next and encode_cursor(listing.next, query.filter),
        "prev_cursor": listing.previous and encode_cursor(listing.previous, query.filter),
        "last_page": listing.next is None,
    }
    return json_bytes(page)


@given(listings, st.sampled_from(HOSTS))
def test_a_page_of_remembered_parts_is_letter_for_letter_the_page(listing: Listing, base_url: str) -> None:
    wanted = in_one_go(listing, base_url)
    assert [listing_json(listing, base_url).body for _ in range(2)] == [wanted, wanted]


def test_a_page_shows_a_picture_as_it_is_now() -> None:
    image = Image(
        id=1,
        key="a.jpg",
        original_name="a.jpg",
        uploaded_at=datetime(2026, 11, 20, tzinfo=UTC),
        collection="summer",
        facts=Facts(format=Format.JPEG, width=1, height=1, size=1, sha256="ab" * 32, color="#000000"),
    )
    for shown in (image, replace(image, collection="winter"), image, replace(image)):
        assert listing_json(page_of(shown), "").body == in_one_go(page_of(shown), "")


def test_more_pictures_than_are_remembered_are_shown_too() -> None:
    facts = Facts(format=Format.PNG, width=1, height=1, size=1, sha256="ab" * 32, color="#000000")
    for number in (*range(1, MAX_KNOWN + 2), 1):
        image = Image(
            id=number,
            key=f"{number}.png",
            original_name=f"{number}",
            uploaded_at=datetime(2026, 11, 20, tzinfo=UTC),
            collection=None,
            facts=facts,
        )
        assert listing_json(page_of(image), "http://host").body == in_one_go(page_of(image), "http://host")


def page_of(image: Image) -> Listing:
    return Listing(query=ListQuery(), images=(image,), total=1, number=1, next=None, previous=None)
