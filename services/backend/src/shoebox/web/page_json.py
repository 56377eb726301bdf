"""A page of images in the words of the API, as ready bytes.

A picture never changes while it has its id, so its object is written once for many pages, and a page
once for as long as the repository gives the same one. Only the beginning of absolute URLs, which
the visitor's own address decides, is put in each time.
"""

from __future__ import annotations

import hashlib
from typing import Final, NamedTuple

from shoebox.domain.image import Image
from shoebox.domain.listing import Cursor, Direction, Filter, Listing, SortField
from shoebox.web.cursors import encode_cursor
from shoebox.web.dialects.d3 import upload_date
from shoebox.web.presenters import image_json
from shoebox.web.response import json_bytes

MAX_KNOWN: Final = 1024  # pictures a process remembers the objects of, of about 1 kB: 50 pages of 20

MAX_PAGES: Final = 32  # that a process remembers, of about 12 kB with 20 pictures and of 60 kB with 100

# No text of a stranger's holds it: the quotes in one are escaped.
_BEFORE_URL: Final = b'"absolute_url":"'
_BASE: Final = b"\0"  # stands for the address; JSON holds none


class PageJson(NamedTuple):
    """A page object; `digest` is a hash of all that makes it, as good as one of its bytes."""

    body: bytes
    digest: bytes


class _Page(NamedTuple):
    """A page in parts, between which the address belongs that its links begin with."""

    listing: Listing
    parts: tuple[bytes, ...]
    digest: bytes


class _Object(NamedTuple):
    """A picture's object in two parts, between which the address belongs that its links begin with."""

    image: Image
    key: bytes
    before: bytes
    after: bytes


_ORDERS: Final = {
    (field, direction): b'"sort_param":"%b","sort_value":"%b",' % (field.value.encode(), direction.value.encode())
    for field in SortField
    for direction in Direction
}
# Reading and writing one are one step each, for all threads.
_known: Final[dict[int, _Object]] = {}  # by id
_known_pages: Final[dict[int, _Page]] = {}  # by the listing's identity, which nothing else has while it is here


def listing_json(listing: Listing, base_url: str) -> PageJson:
    """One page object; its keys are promised to clients, in this order."""
    page = _known_pages.get(id(listing))
    if page is None:
        if len(_known_pages) >= MAX_PAGES:
            _known_pages.clear()
        page = _known_pages[id(listing)] = _page(listing)
    base = json_bytes(base_url)[1:-1]
    return PageJson(base.join(page.parts), hashlib.sha256(page.digest + base).digest())


def _page(listing: Listing) -> _Page:
    objects = [_object(image) for image in listing.images]
    parts = [
        b'{"files":[',
        b",".join([known.key for known in objects]),
        b'],"total_pages":%d,"images":[' % listing.pages,
        b",".join([known.before + _BASE + known.after for known in objects]),
        b'],"page":%d,"per_page":%d,"total_items":%d,' % (listing.number, listing.query.size, listing.total),
        _ORDERS[listing.query.sort.field, listing.query.sort.direction],
        b'"next_cursor":%b,"prev_cursor":%b,"last_page":%b}'
        % (
            _cursor(listing.next, listing.query.filter),
            _cursor(listing.previous, listing.query.filter),
            b"false" if listing.next else b"true",
        ),
    ]
    whole = b"".join(parts)
    return _Page(listing, tuple(whole.split(_BASE)), hashlib.sha256(whole).digest())


def _cursor(cursor: Cursor | None, selection: Filter) -> bytes:
    # Of a cursor no character is escaped.
    return b'"%b"' % encode_cursor(cursor, selection).encode() if cursor else b"null"


def _object(image: Image) -> _Object:
    known = _known.get(image.id)
    # Only a repository that is not of this process, or a row changed by hand, has the id twice.
    if known is None or (known.image is not image and known.image != image):
        if len(_known) >= MAX_KNOWN:
            _known.clear()
        known = _known[image.id] = _written(image)
    return known


def _written(image: Image) -> _Object:
    whole = json_bytes(image_json(image, "") | {"upload_date": upload_date(image.uploaded_at)})
    before, mark, after = whole.partition(_BEFORE_URL)
    return _Object(image, json_bytes(image.key), before + mark, after)
