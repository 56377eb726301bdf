"""Handing out the bytes of a picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO

from shoebox.domain.errors import NotFound
from shoebox.domain.names import is_key
from shoebox.ports import BlobStorage, ImageRepository


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenPicture:
    """A picture's bytes, seekable, and the key they are stored under. Whoever asked closes it."""

    key: str
    file: BinaryIO


class Pictures:
    """Files by name, for topologies where no Nginx serves them and for names it does not know."""

    def __init__(self, *, storage: BlobStorage, repository: ImageRepository) -> None:
        self._storage = storage
        self._repository = repository

    def open(self, name: str) -> OpenPicture:
        """The picture stored under this name, or the one an older system called so.

        Raises `NotFound`. The database is asked only where no file of ours has the name.
        """
        if is_key(name):
            try:
                return OpenPicture(key=name, file=self._storage.open(name))
            except NotFound:
                pass  # an older system's names may look like ours
        key = self._repository.key_of(name)
        return OpenPicture(key=key, file=self._storage.open(key))

    def locate(self, name: str) -> str:
        """The key of the picture called so, by the rows alone. Raises `NotFound`."""
        if is_key(name):
            try:
                return self._repository.get(name).key
            except NotFound:
                pass
        return self._repository.key_of(name)
