"""An object as a file that can be read from any place."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final, Protocol

from shoebox.storage.s3_client import Client, faults, reading

BUFFER: Final = 256 * 1024  # bytes a read; what a worker sends at once


class Stream(Protocol):
    """The bytes of one answer, as they come."""

    def read(self, size: int, /) -> bytes: ...

    def close(self) -> None: ...


class RemoteFile(io.BufferedReader):
    """Seekable, without a descriptor. `modified` is in whole seconds since the epoch."""

    modified: int


def open_object(client: Client, bucket: str, name: str) -> RemoteFile:
    """One request now, one more when it is read, and one after each seek. Raises `NotFound`."""
    with reading():
        head = client.head_object(Bucket=bucket, Key=name)
    # The very object that was found is read, or none: never half of one and half of another.
    wanted = {"Bucket": bucket, "Key": name, "IfMatch": head["ETag"]}
    file = RemoteFile(_Object(lambda start: _get(client, wanted, start), head["ContentLength"]), BUFFER)
    file.modified = int(head["LastModified"].timestamp())
    return file


def _get(client: Client, wanted: dict[str, str], start: int) -> Stream:
    # Whole objects are compared with their checksum on the way; parts of them cannot be.
    part = {"Range": f"bytes={start}-"} if start else {}
    with reading():
        body: Stream = client.get_object(**wanted, **part)["Body"]
        return body


class _Object(io.RawIOBase):
    def __init__(self, get: Callable[[int], Stream], size: int) -> None:
        super().__init__()
        self._get = get
        self._size = size
        self._place = 0
        self._stream: Stream | None = None

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._place, os.SEEK_END: self._size}[whence]
        place = max(0, base + offset)
        if place != self._place:
            self._drop()
            self._place = place
        return place

    def tell(self) -> int:
        return self._place

    def readinto(self, buffer: Any) -> int:
        if self._place >= self._size:
            return 0
        if self._stream is None:
            self._stream = self._get(self._place)
        with faults():
            data = self._stream.read(len(buffer))
        buffer[: len(data)] = data
        self._place += len(data)
        return len(data)

    def close(self) -> None:
        self._drop()
        super().close()

    def _drop(self) -> None:
        stream, self._stream = self._stream, None
        if stream is not None:
            with suppress(OSError):
                stream.close()
