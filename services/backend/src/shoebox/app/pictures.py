"""Handing out the bytes of a picture."""

from __future__ import annotations

from typing import BinaryIO

from shoebox.domain.errors import NotFound
from shoebox.domain.names import is_key
from shoebox.ports import BlobStorage


class Pictures:
    """Files by key, for topologies where no Nginx serves them."""

    def __init__(self, storage: BlobStorage) -> None:
        self._storage = storage

    def open(self, key: str) -> BinaryIO:
        """The picture's bytes, seekable. Raises `NotFound`."""
        if not is_key(key):
            raise NotFound("There is no such picture.")
        return self._storage.open(key)
