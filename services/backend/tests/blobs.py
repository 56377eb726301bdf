"""Pictures in a storage: to put one in, and to look at it."""

from __future__ import annotations

from hashlib import sha256
from typing import Final

from shoebox.ports import BlobStorage

LATER: Final = 2.0**33  # seconds since the epoch: old is to a sweep then whatever a test can leave


def publish(storage: BlobStorage, data: bytes, key: str) -> None:
    with storage.stage() as staged:
        staged.write(data)
        storage.publish(staged, key, sha256(data).hexdigest())


def read(storage: BlobStorage, key: str) -> bytes:
    with storage.open(key) as file:
        return file.read()
