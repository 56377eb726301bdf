"""What nobody counts because it can be asked: the store, its disk, the backups, the outbox."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from shoebox.domain.backup import time_of
from shoebox.domain.errors import ShoeboxError
from shoebox.domain.listing import ListQuery
from shoebox.ports import Archive, ImageRepository

VOLUME_AGE: Final = 300.0  # seconds that the sum over all rows is good for: a million take a tenth of one

Number = tuple[str, str, float | None]


class StoreNumbers:
    """Asks on behalf of one process. What cannot be had right now is None: no number is
    better than an old one."""

    def __init__(
        self, *, repository: ImageRepository, images_dir: Path, backups: Archive, pending: Callable[[], int] | None
    ) -> None:
        self._repository = repository
        self._images_dir = images_dir
        self._backups = backups
        self._pending = pending
        self._volume: tuple[float, float] | None = None  # when it was asked, bytes

    def __call__(self) -> Iterator[Number]:
        """Name, meaning and value of each."""
        yield "shoebox_images", "Pictures in the store.", _known(self._images)
        yield "shoebox_store_bytes", "Bytes of all pictures, at most five minutes old.", _known(self._bytes)
        yield "shoebox_disk_bytes", "Size of the disk that holds the pictures.", self._disk(free=False)
        yield "shoebox_disk_free_bytes", "What is free on it.", self._disk(free=True)
        yield "shoebox_backup_last_timestamp_seconds", "When the newest backup was taken.", _known(self._backup)
        if self._pending is not None:
            yield "shoebox_webhooks_pending", "Webhooks that are not delivered yet.", _known(self._pending)

    def _images(self) -> float:
        return self._repository.page(ListQuery(size=1)).total

    def _bytes(self) -> float:
        now = time.monotonic()
        known = self._volume
        if known is None or now - known[0] > VOLUME_AGE:
            self._volume = known = (now, float(self._repository.volume()))
        return known[1]

    def _disk(self, *, free: bool) -> float | None:
        try:
            usage = shutil.disk_usage(self._images_dir)
        except OSError:
            return None
        return usage.free if free else usage.total

    def _backup(self) -> float | None:
        for name in reversed(self._backups.names()):
            taken = time_of(name)
            if taken:
                return taken.timestamp()
        return None


def _known(ask: Callable[[], float | None]) -> float | None:
    try:
        return ask()
    except ShoeboxError:
        return None
