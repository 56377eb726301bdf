"""Received files, without a storage."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from tempfile import TemporaryFile
from typing import IO


@dataclass(frozen=True, slots=True)
class StagedFile:
    """`ports.Staged` over a temporary file."""

    file: IO[bytes]

    @property
    def size(self) -> int:
        return self.file.seek(0, 2)

    def write(self, chunk: bytes | bytearray | memoryview) -> None:
        self.file.write(chunk)

    def fileno(self) -> int:
        return self.file.fileno()

    def content(self) -> bytes:
        """All of it as it is now."""
        self.file.seek(0)
        return self.file.read()


@contextmanager
def staged(data: bytes) -> Iterator[StagedFile]:
    """A file that holds `data`."""
    with TemporaryFile(buffering=0) as file:
        file.write(data)
        yield StagedFile(file)
