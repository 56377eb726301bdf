"""What the tests of a storage put into it and look for."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Final

from shoebox.ports import BlobStorage

KEY: Final = "k3J9xQ2mVb7c.jpg"
OTHER: Final = "Zz0000000000.png"
PICTURE: Final = b"\xff\xd8\xff a picture" * 1000
THUMBNAIL: Final = b"RIFF a thumbnail" * 10
PATIENCE: Final = 60.0  # seconds until a thread counts as hung


def read_thumbnail(storage: BlobStorage, key: str, width: int) -> bytes:
    with storage.open_thumbnail(key, width) as file:
        return file.read()


def keys(storage: BlobStorage) -> list[str]:
    return sorted(file.key for file in storage.files())


def together(count: int, work: Callable[[int], None]) -> None:
    """Run `work(0)` … `work(count - 1)` in threads that start as one."""
    start = Barrier(count)

    def run(number: int) -> None:
        start.wait(PATIENCE)
        work(number)

    with ThreadPoolExecutor(count) as pool:
        list(pool.map(run, range(count)))
