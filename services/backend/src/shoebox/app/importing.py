"""Taking in files that are somewhere else already: a folder of pictures, an older system's store.

What was taken in once is recognised by its bytes, as they were before the store stripped
them: so an import may be repeated, and goes on where it was broken off. The files are only
ever read.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from io import BufferedReader
from threading import Lock
from typing import Final

from shoebox.app.upload import Uploads
from shoebox.domain.errors import NotFound, ShoeboxError, StorageFull, Unavailable
from shoebox.domain.image import NewImage
from shoebox.ports import ImageRepository

BLOCK: Final = 256 * 1024  # bytes a read
STRIPES: Final = 64  # locks; more than there are threads, so that they seldom wait for each other


class Verdict(Enum):
    """What became of a file."""

    IMPORTED = "imported"
    THERE = "already there"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A file somewhere else. `old_name` is what another system called it in its addresses;
    `uploaded_at` is aware, and now if there is none."""

    open: Callable[[], BufferedReader]
    original_name: str
    old_name: str | None = None
    uploaded_at: datetime | None = None
    collection: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What became of one. `reason` says why it was refused."""

    verdict: Verdict
    reason: str = ""


class Importer:
    """The use case behind `shoebox import`. Safe for threads."""

    def __init__(self, *, uploads: Uploads, repository: ImageRepository) -> None:
        self._uploads = uploads
        self._repository = repository
        self._locks = tuple(Lock() for _ in range(STRIPES))

    def take(self, source: Source) -> Taken:
        """Store it, unless it is there already. A picture from another system is told from
        others by its old name, one from a folder by its bytes alone.

        Raises `Unavailable` and `StorageFull`, after which going on makes no sense.
        """
        if self._has_name(source):
            return Taken(verdict=Verdict.THERE)
        try:
            with source.open() as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
                # Of two equal files that are taken at once, the second is to see the first.
                with self._locks[int(digest[:8], 16) % STRIPES]:
                    return self._take(source, file, digest)
        except (Unavailable, StorageFull):
            raise
        except ShoeboxError as error:
            return Taken(verdict=Verdict.REFUSED, reason=str(error))
        except OSError as error:
            return Taken(verdict=Verdict.REFUSED, reason=error.strerror or "The file cannot be read.")

    def _take(self, source: Source, file: BufferedReader, digest: str) -> Taken:
        if self._has_name(source) or (source.old_name is None and self._known(digest)):
            return Taken(verdict=Verdict.THERE)

        def name(image: NewImage) -> None:
            # Before the row: a name without a picture means nothing, a picture without its
            # name would be taken in again.
            if image.facts.sha256 != digest:
                self._repository.add_alias(_content_name(digest), image.key)
            if source.old_name is not None:
                self._repository.add_alias(source.old_name, image.key)

        self._store(source, file, name)
        return Taken(verdict=Verdict.IMPORTED)

    def _has_name(self, source: Source) -> bool:
        name = source.old_name
        return name is not None and self._finds(lambda: self._repository.key_of(name)) is not None

    def _known(self, digest: str) -> str | None:
        """The picture that these bytes became, stripped or as they are."""
        return self._finds(lambda: self._repository.key_of_content(digest)) or self._finds(
            lambda: self._repository.key_of(_content_name(digest))
        )

    def _store(self, source: Source, file: BufferedReader, before: Callable[[NewImage], None]) -> None:
        file.seek(0)
        with self._uploads.receive() as incoming:
            while block := file.read(BLOCK):
                incoming.write(block)
            self._uploads.store(
                incoming,
                original_name=source.original_name,
                collection=source.collection,
                uploaded_at=source.uploaded_at,
                before=before,
            )

    @staticmethod
    def _finds(find: Callable[[], str]) -> str | None:
        try:
            return find()
        except NotFound:
            return None


def _content_name(digest: str) -> str:
    """Unlike any old name, which holds no slash."""
    return f"sha256/{digest}"
