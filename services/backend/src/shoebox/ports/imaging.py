"""Who knows pictures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO, Protocol

from shoebox.domain.image import Facts
from shoebox.ports.storage import Staged


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """What a codec learned of a picture and made of it: its 320 px WebP thumbnail."""

    facts: Facts
    thumbnail: bytes


class ImageCodec(Protocol):
    """Proves, cleans and scales pictures. The work is bounded in time and memory."""

    def examine(self, staged: Staged) -> Examined:
        """Recognise by content, check limits, decode once, strip metadata in place.

        Raises `UnsupportedFormat` or `InvalidImage`; `Unavailable` if no decoder is free
        within the time limit.
        """

    def thumbnail(self, picture: BinaryIO, width: int) -> bytes:
        """A WebP no wider than `width` and never larger than the picture."""
