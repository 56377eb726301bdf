"""Whose pictures a store may hold.

A database leaves its mark in a store before its first picture. Where there is another's mark,
a file without a row may be a picture of that one, and nobody may take it for a leftover: until
somebody who knows says that the other database is given up.
"""

from __future__ import annotations

import logging
from typing import Final

from shoebox.domain.errors import SharedStore
from shoebox.ports import BlobStorage, ImageRepository

log = logging.getLogger(__name__)

REMEDY: Final = (
    "Another database keeps pictures in this store, or did: files without a row may be its, and nothing is removed. "
    "Give each database a store of its own (STATE_DIR, IMAGES_DIR or the bucket); if the other is given up, "
    "`shoebox sweep --claim` makes the store this one's alone and removes the other's pictures."
)


class Marks:
    """The marks in a store, as one database sees them."""

    def __init__(self, *, storage: BlobStorage, repository: ImageRepository) -> None:
        self._storage = storage
        self._repository = repository

    def leave(self) -> str:
        """Leave this database's; returns its identity."""
        identity = self._repository.identity()
        self._storage.mark(identity)
        return identity

    def announce(self) -> None:
        """As `leave`, with a warning in the log where there are others."""
        self.leave()
        if others := self.others():
            log.warning("store shared", extra={"others": len(others), "reason": REMEDY})

    def others(self) -> frozenset[str]:
        """Those of other databases."""
        return self._storage.marks() - {self._repository.identity()}

    def require_alone(self) -> None:
        """Raises `SharedStore` where there are others."""
        if self.others():
            raise SharedStore(REMEDY)

    def claim(self) -> None:
        """Leave this database's and take all others away: what has no row here is nobody's then."""
        self.leave()
        for identity in self.others():
            self._storage.unmark(identity)
        log.info("store claimed")
