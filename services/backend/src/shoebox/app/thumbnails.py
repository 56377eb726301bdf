"""Small copies, made once on first request."""

from __future__ import annotations

import logging
from io import BytesIO
from typing import BinaryIO

from shoebox.domain.errors import NotFound, StorageFull, Unavailable
from shoebox.domain.image import THUMBNAIL_WIDTHS
from shoebox.domain.names import is_key
from shoebox.ports import BlobStorage, ImageCodec

log = logging.getLogger(__name__)


class Thumbnails:
    """Thumbnails by key and width."""

    def __init__(self, *, storage: BlobStorage, codec: ImageCodec) -> None:
        self._storage = storage
        self._codec = codec

    def open(self, key: str, width: int) -> BinaryIO:
        """The WebP bytes, seekable. Raises `NotFound` for other widths and unknown pictures.

        The first caller makes it; callers who come meanwhile, in any process, wait for it.
        """
        if width not in THUMBNAIL_WIDTHS or not is_key(key):
            raise NotFound("There is no such thumbnail.")
        try:
            return self._storage.open_thumbnail(key, width)
        except NotFound:
            return self._make(key, width)

    def _make(self, key: str, width: int) -> BinaryIO:
        with self._storage.making(key, width):
            try:
                return self._storage.open_thumbnail(key, width)
            except NotFound:
                with self._storage.open(key) as picture:
                    data = self._codec.thumbnail(picture, width)
                return self._keep(key, width, data)

    def _keep(self, key: str, width: int, data: bytes) -> BinaryIO:
        log.info("thumbnail made", extra={"key": key, "width": width})
        try:
            self._storage.put_thumbnail(key, width, data)
        except (StorageFull, Unavailable) as error:
            # It can be made again at any time; a full disk is no reason not to show pictures.
            log.warning("thumbnail not kept", extra={"key": key, "width": width, "reason": str(error)})
            return BytesIO(data)
        return self._storage.open_thumbnail(key, width)
