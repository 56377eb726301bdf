"""Whose pictures a store may hold.

A database leaves its mark in a store before its first picture, and none before: it has nothing
to lose there. Where there is another's mark, a file without a row may be a picture of that one,
and nobody may take it for a leftover: until somebody who knows says that the other database is
given up.
"""

from __future__ import annotations

import logging
from typing import Final

from shoebox.domain.errors import SharedStore
from shoebox.domain.listing import ListQuery
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
        self._left = False

    def leave(self) -> str:
        """Leave this database's; returns its identity."""
        identity = self._repository.identity()
        self._storage.mark(identity)
        return identity

    def leave_once(self) -> None:
        """As `leave`, and nothing from the second time on: for who is about to store a picture."""
        if not self._left:
            self.leave()
            self._left = True

    def keep(self) -> None:
        """As `leave` for a database with pictures: it may be older than marks, or another may have
        taken its mark away. One without leaves its own with its first."""
        if self._repository.page(ListQuery(size=1)).total:
            self.leave()

    def announce(self) -> None:
        """As `keep`, with a warning in the log where there are others."""
        self.keep()
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
        """Take all others away: what has no row here is nobody's then."""
        self.keep()
        for identity in self.others():
            self._storage.unmark(identity)
        log.info("store claimed")
