"""Which storage there is, by plain values: on a disk, in a bucket, or on the way between them."""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from shoebox.storage.disk import DiskStorage
from shoebox.storage.moving import Holdable, MovingStorage

if TYPE_CHECKING:
    from shoebox.storage.s3 import S3Storage


@dataclass(frozen=True, slots=True, kw_only=True)
class S3Settings:
    """Where the bucket is. Without keys botocore looks for a role of the machine; without an
    endpoint it is Amazon's. `connections` is how many requests are under way at once."""

    bucket: str
    region: str
    endpoint: str | None
    access_key: str | None
    secret_key: str | None
    connections: int = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Stores:
    """Opens them. Below `root` the disk keeps its pictures, and a bucket what is being received.
    `freer` is for what is deleted from the disk."""

    root: Path
    s3: S3Settings | None
    freer: socket.socket | None = None

    def open(self, kind: str, also: str | None = None, *, trusting: bool = True) -> Holdable:
        """The store `kind`, "disk" or "s3", over the other one while pictures are moved."""
        first = self._one(kind, trusting)
        return MovingStorage(first, self._one(also, trusting)) if also else first

    def link(self) -> Callable[[str], str]:
        """What makes signed addresses in the bucket."""
        return preload_s3()(self._bucket(), self.root).link

    def _one(self, kind: str, trusting: bool) -> Holdable:
        if kind == "disk":
            return DiskStorage(self.root, trusting=trusting, freer=self.freer)
        return preload_s3()(self._bucket(), self.root)

    def _bucket(self) -> S3Settings:
        if self.s3 is None:
            raise ValueError("no bucket is named")
        return self.s3


def preload_s3() -> type[S3Storage]:
    """Load what a bucket needs. Not at the top of this file: without a bucket its packages need
    not be there, and cost no memory; with one, processes that are forked later share it."""
    from shoebox.storage.s3 import S3Storage

    return S3Storage
