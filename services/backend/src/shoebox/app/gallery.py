"""Looking at what is in the store."""

from __future__ import annotations

from shoebox.domain.errors import NotFound
from shoebox.domain.image import Image
from shoebox.domain.listing import Filter, Listing, ListQuery
from shoebox.ports import ImageRepository


class Gallery:
    """Reads of the rows; an answer always holds the caller's own earlier writes."""

    def __init__(self, repository: ImageRepository) -> None:
        self._repository = repository

    def list(self, query: ListQuery) -> Listing:
        """One page with the exact total."""
        return self._repository.page(query)

    def get(self, key: str) -> Image:
        """Raises `NotFound`."""
        return self._repository.get(key)

    def find(self, number: int) -> Image:
        """By id. Raises `NotFound`."""
        return self._repository.find(number)

    def newest(self, collection: str, *, limit: int) -> tuple[Image, ...]:
        """The newest pictures of a collection, newest first. Raises `NotFound` where it has none."""
        images = self.list(ListQuery(filter=Filter(collection=collection), size=limit)).images
        if not images:
            raise NotFound(f"There is no picture in the collection '{collection}'.")
        return images
