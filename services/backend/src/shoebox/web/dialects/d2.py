"""D2, an older system: every answer has a `status`; pictures are deleted by number or filename."""

from __future__ import annotations

import re
from typing import Final

from shoebox.domain.image import Image
from shoebox.domain.listing import Listing, ListQuery, PageNumber
from shoebox.web.errors import detail_of
from shoebox.web.mixins.pagination import MAX_PAGE, read_number
from shoebox.web.presenters import timestamp
from shoebox.web.target import Query

SIZE: Final = 10  # pictures a page, always
DELETED: Final = {"status": "success", "message": "Image deleted successfully."}

_NUMBER: Final = re.compile(r"[0-9]{1,18}")


def parse_list(query: Query) -> ListQuery:
    """Read `page`. Raises `BadRequest`."""
    return ListQuery(place=PageNumber(number=read_number(query, "page", 1, MAX_PAGE)), size=SIZE)


def number_of(name: str) -> int | None:
    """The id that `name` is; None where it is a filename."""
    return int(name) if _NUMBER.fullmatch(name) else None


def stored_json(image: Image, base_url: str) -> dict[str, object]:
    """The answer to an upload."""
    return {"status": "success", "url": f"{base_url}/images/{image.key}"}


def listing_json(listing: Listing) -> dict[str, object]:
    """One page; its own front-end reads `images` and the second five of `pagination`."""
    images = [_image_json(image) for image in listing.images]
    return {
        "status": "success",
        "page": listing.number,
        "pagination": {
            "total_pages": listing.pages,
            "total_items": listing.total,
            "current_page": listing.number,
            "per_page": listing.query.size,
            "total": listing.total,
            "has_prev": listing.number > 1,
            "has_next": listing.next is not None,
        },
        "data": images,
        "images": images,
    }


def error_json(error: Exception) -> dict[str, object]:
    """An error."""
    return {"status": "error", "message": detail_of(error)}


def _image_json(image: Image) -> dict[str, object]:
    return {
        "id": image.id,
        "filename": image.key,
        "original_name": image.original_name,
        "size_kb": -(-image.facts.size // 1024),
        "upload_time": timestamp(image.uploaded_at),
        "file_type": image.facts.format.value,
        "url": f"/images/{image.key}",
    }
