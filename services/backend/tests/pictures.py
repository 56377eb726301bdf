"""Pictures that exist as rows only."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Final

from shoebox.domain.image import Facts, Format, Image, NewImage
from shoebox.domain.listing import Direction, Sort, SortField
from shoebox.domain.names import fold, new_key
from shoebox.ports import ImageRepository

NOON: Final = datetime(2026, 11, 20, 12, 0, 0, 123456, tzinfo=UTC)
SORTS: Final = [Sort(field=field, direction=direction) for field in SortField for direction in Direction]


def new_image(
    name: str = "Beach day.JPG",
    *,
    key: str | None = None,
    size: int = 245113,
    seconds: float = 0,
    collection: str | None = None,
) -> NewImage:
    """A picture that was uploaded `seconds` after noon."""
    facts = Facts(format=Format.JPEG, width=4032, height=3024, size=size, sha256="8a" * 32, color="#8a7f6b")
    return NewImage(
        key=key or new_key(Format.JPEG),
        original_name=name,
        facts=facts,
        uploaded_at=NOON + timedelta(seconds=seconds),
        collection=collection,
    )


def stock(repository: ImageRepository, count: int, *, collection: str | None = None) -> list[Image]:
    """Add pictures with many ties: five sizes, seven names, eleven times."""
    return [
        repository.add(new_image(f"Name {n % 7}.jpg", size=n % 5, seconds=n % 11, collection=collection))
        for n in range(count)
    ]


def in_order(images: Iterable[Image], sort: Sort) -> list[Image]:
    """What a list in this order has to look like."""

    def place(image: Image) -> tuple[object, int]:
        values = {
            SortField.AGE: image.uploaded_at,
            SortField.SIZE: image.facts.size,
            SortField.NAME: fold(image.original_name),
        }
        return values[sort.field], image.id

    return sorted(images, key=place, reverse=sort.direction is Direction.DESCENDING)
