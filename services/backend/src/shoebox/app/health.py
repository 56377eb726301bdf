"""Whether the service can keep its promises right now."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime

from shoebox.domain.errors import ShoeboxError
from shoebox.ports import BlobStorage, Clock, ImageRepository

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthReport:
    """`storage` is "ok", or what is wrong with it in a word for people who run the host."""

    healthy: bool
    timestamp: datetime
    environment: str
    version: str
    storage: str


class Health:
    """Asks the database and the storage something real."""

    def __init__(
        self,
        *,
        storage: BlobStorage,
        repository: ImageRepository,
        clock: Clock,
        environment: str,
        version: str,
    ) -> None:
        self._storage = storage
        self._repository = repository
        self._clock = clock
        self._environment = environment
        self._version = version

    def check(self) -> HealthReport:
        """Never raises: what is away is in the report."""
        storage = "ok"
        try:
            self._storage.probe()
        except ShoeboxError as error:
            storage = str(error)
            log.warning("storage is not healthy", extra=_why(error))
        database = True
        try:
            self._repository.ping()
        except ShoeboxError as error:
            database = False
            log.warning("database is not healthy", extra=_why(error))
        return HealthReport(
            healthy=database and storage == "ok",
            timestamp=self._clock.now(),
            environment=self._environment,
            version=self._version,
            storage=storage,
        )


def _why(error: ShoeboxError) -> dict[str, str]:
    """What visitors are told, and for the operator what lies behind it: a bucket's name, a refused key."""
    return {"reason": str(error), "cause": str(error.__cause__ or "")}
