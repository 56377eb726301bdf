"""D1, an older system: lists of `items` with a `pagination`, bookmarked `.html` pages."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlencode

from shoebox.domain.errors import BadRequest, NotFound
from shoebox.domain.listing import Direction, Listing, ListQuery, PageNumber, Sort
from shoebox.web.mixins.pagination import MAX_PAGE, MAX_SIZE, read_number
from shoebox.web.presenters import image_json
from shoebox.web.target import Query

SIZE: Final = 10  # pictures a page where `per_page` does not say
_STATE: Final = {"page": "page", "per_page": "per_page", "order": "sort_value"}  # in the address of its gallery


def parse_list(query: Query) -> ListQuery:
    """Read `page`, `per_page` and `order`; an over-large `per_page` means the most there is."""
    order = query.get("order")
    try:
        direction = Direction.DESCENDING if order is None else Direction(order)
    except ValueError as error:
        raise BadRequest("order is asc or desc.") from error
    return ListQuery(
        sort=Sort(direction=direction),
        place=PageNumber(number=read_number(query, "page", 1, MAX_PAGE)),
        size=min(read_number(query, "per_page", SIZE, MAX_PAGE), MAX_SIZE),
    )


def listing_json(listing: Listing, base_url: str) -> dict[str, object]:
    """One page. Raises `NotFound` where it is empty."""
    if not listing.images:
        raise NotFound("There are no pictures here.")
    return {
        "items": [image_json(image, base_url) for image in listing.images],
        "pagination": {
            "page": listing.number,
            "per_page": listing.query.size,
            "total": listing.total,
            "pages": listing.pages,
            "has_next": listing.next is not None,
            "has_previous": listing.number > 1,
        },
    }


def upload_page(query: Query) -> str:
    """Where `/upload.html` leads: its tab `images` is the gallery now, at the page that its state names."""
    if query.get("tab") != "images":
        return "/upload/"
    state = {ours: query.get(theirs) for theirs, ours in _STATE.items()}
    told = urlencode({name: value for name, value in state.items() if value is not None})
    return f"/images/?{told}" if told else "/images/"


def image_page(query: Query) -> str:
    """Where `/image_detail.html` leads: the gallery with the picture opened."""
    name = query.get("filename")
    return f"/images/?{urlencode({'image': name})}" if name else "/images/"
