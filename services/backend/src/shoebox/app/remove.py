"""Taking a picture out: the mirror of an upload."""

from __future__ import annotations

import logging

from shoebox.domain.errors import NotFound, StorageFull, Unavailable
from shoebox.domain.image import Image
from shoebox.domain.names import is_key
from shoebox.ports import BlobStorage, ImageRepository

log = logging.getLogger(__name__)


class Removal:
    """The use case behind every deletion."""

    def __init__(self, *, storage: BlobStorage, repository: ImageRepository) -> None:
        self._storage = storage
        self._repository = repository

    def remove(self, key: str) -> Image:
        """Delete for good: when this returns, the picture and its thumbnails are 404.

        Of parallel calls one returns what was removed, the others raise `NotFound`.
        """
        if not is_key(key):
            raise NotFound("There is no such picture.")
        try:
            image = self._repository.delete(key)
        except NotFound:
            # An earlier call may have committed and lost its answer, or stopped before the
            # file. Whoever asks again finishes it; a file without a row is nobody's.
            self._storage.delete(key)
            raise
        try:
            self._storage.delete(key, image.facts.sha256)
        except (Unavailable, StorageFull) as error:
            # The row is gone and stays gone: the deletion holds for every list. The file
            # is the sweep's now; the answer says that this one is not final yet.
            log.warning("file left to the sweep", extra={"key": key, "reason": str(error)})
            raise
        log.info("image deleted", extra={"key": key, "bytes": image.facts.size})
        return image
