"""What a backup is called, what it says of itself, and what can be wrong with one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from shoebox.domain.errors import ShoeboxError

_NAME: Final = "shoebox-%Y-%m-%dT%H-%M-%SZ"  # no colon: not every file system and no tar takes one


class BackupError(ShoeboxError):
    """A backup could not be made, read or restored. Shown to operators only."""

    code = "backup_failed"


class DamagedPicture(BackupError):
    """One picture's bytes are not those that its row describes, or cannot be read."""

    code = "damaged_picture"


@dataclass(frozen=True, slots=True, kw_only=True)
class DumpedPicture:
    """What a dump says of one picture's file."""

    key: str
    size: int  # bytes
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a finished backup says of itself.

    `absent` are the pictures that the dump names and that have no file in the backup; `lost`
    counts those of them that should have had one. `copied` counts the files that no earlier
    backup held. `bytes` is the size of all pictures together.
    """

    name: str
    taken_at: datetime  # aware, UTC, to the second
    version: str
    database: str
    dump_sha256: str
    pictures: int
    bytes: int
    copied: int
    absent: tuple[str, ...]
    lost: int


def backup_name(taken_at: datetime) -> str:
    """The name of a backup taken then. Names sort by age."""
    return taken_at.astimezone(UTC).strftime(_NAME)


def time_of(name: str) -> datetime | None:
    """When a backup of this name was taken; None for what is no backup's name."""
    try:
        return datetime.strptime(name, _NAME).replace(tzinfo=UTC)
    except ValueError:
        return None
