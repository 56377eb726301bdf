"""What is told to other programs when a picture comes or goes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from shoebox.domain.errors import ShoeboxError
from shoebox.domain.image import Image


class UndeliveredError(ShoeboxError):
    """A receiver did not take a webhook."""

    code = "undelivered"


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """One thing that happened, for one receiver. `event` is `image.created` or `image.deleted`;
    `attempts` were made in vain so far."""

    number: int
    event: str
    image: Image
    happened: datetime
    attempts: int

    @property
    def id(self) -> str:
        """The same for every attempt, every receiver, and after a restore; a picture is created
        once and deleted once. No dot: receivers join it to others by dots."""
        return f"{self.event}_{self.image.key}".replace(".", "_")
