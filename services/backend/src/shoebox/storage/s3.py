"""Pictures as objects in a bucket, shared by any number of hosts.

Objects are `images/<key>`, `thumbs/<width>/<key>` and `marks/<identity>`; uploads are received on the local disk.
Equal pictures are kept once each here: docs/decisions/0005 says why. Relies on what S3 promises:
a write or deletion that was answered is seen by every later request.
"""

from __future__ import annotations

import io
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO, Final

from shoebox.domain.errors import NotFound, Unavailable
from shoebox.domain.image import THUMBNAIL_WIDTHS, Format
from shoebox.domain.names import is_key
from shoebox.ports import Staged, StoredFile
from shoebox.storage import faults as disk
from shoebox.storage import locks, scan
from shoebox.storage.folders import build
from shoebox.storage.layout import Layout
from shoebox.storage.locks import locked
from shoebox.storage.s3_client import Client, connect, faults, reading
from shoebox.storage.s3_reader import open_object
from shoebox.storage.s3_upload import Upload
from shoebox.storage.staged import StagedFile, create
from shoebox.storage.stores import S3Settings

IMAGES: Final = "images/"
THUMBNAILS: Final = "thumbs/"
PROBES: Final = "probes/"
MARKS: Final = "marks/"
IMMUTABLE: Final = "public, max-age=31536000, immutable"  # for who reads the bucket itself: a CDN
LINK_SECONDS: Final = 3600  # how long a signed address is good


class S3Storage:
    """`ports.BlobStorage` in a bucket; `root` is a local folder for what is being received."""

    def __init__(self, settings: S3Settings, root: Path, *, client: Client | None = None) -> None:
        """Asks the store nothing yet. Raises `Unavailable` or `StorageFull` for the folder."""
        self._bucket = settings.bucket
        self._client = client or connect(settings)
        self._layout = Layout(root=str(root.absolute()))
        with disk.faults():
            build(os, self._layout)
            locks.create(os, self._layout.locks)

    @contextmanager
    def stage(self) -> Iterator[Staged]:
        """A new empty file on the local disk; gone after the block."""
        with disk.faults():
            staged = create(os, self._layout.staging)
        try:
            yield staged
        finally:
            staged.drop()

    def publish(self, staged: Staged, key: str, sha256: str) -> None:
        """Send the staged bytes; when it returns, the store has them and has verified them."""
        if not isinstance(staged, StagedFile):
            raise TypeError("staged by another storage")
        fields = {"ContentType": Format(key.rpartition(".")[2]).content_type, "CacheControl": IMMUTABLE}
        mark = secrets.token_hex(12)
        Upload(client=self._client, bucket=self._bucket, name=_picture(key), mark=mark, fields=fields).send(
            staged.fileno(), sha256
        )

    def open(self, key: str) -> BinaryIO:
        """The picture's bytes. `modified` of the file is in seconds since the epoch."""
        return open_object(self._client, self._bucket, _picture(key))

    def link(self, key: str) -> str:
        """An address outside at which a picture's bytes are for an hour, whoever asks there."""
        target = {"Bucket": self._bucket, "Key": _picture(key)}
        with faults():
            address: str = self._client.generate_presigned_url("get_object", Params=target, ExpiresIn=LINK_SECONDS)
            return address

    def put_thumbnail(self, key: str, width: int, data: bytes, *, unseen: bool = False) -> None:
        """Keep a thumbnail if its picture is there.

        `delete` removes the picture first and takes the same lock then. To another host's the
        lock says nothing: that one finds the thumbnail, or we find the picture gone afterwards.
        """
        target = {"Bucket": self._bucket, "Key": _thumbnail(key, width)}
        if unseen:
            with faults():
                self._client.put_object(**target, Body=data, ContentType="image/webp", CacheControl=IMMUTABLE)
            return
        with locked(os, self._layout.locks, locks.KEEPING, key), faults():
            if not self._has_picture(key):
                return
            self._client.put_object(**target, Body=data, ContentType="image/webp", CacheControl=IMMUTABLE)
            if not self._has_picture(key):
                self._client.delete_object(**target)

    def open_thumbnail(self, key: str, width: int) -> BinaryIO:
        """The thumbnail's bytes, in memory: one request, and it is small."""
        with reading():
            answer = self._client.get_object(Bucket=self._bucket, Key=_thumbnail(key, width))
            return io.BytesIO(answer["Body"].read())

    @contextmanager
    def making(self, key: str, width: int) -> Iterator[None]:
        """Held by one caller at a time, over all threads and processes of this host: makers on two
        hosts do the same work twice and keep the same result."""
        with locked(os, self._layout.locks, locks.MAKING, f"{width}/{key}"):
            yield

    def delete(self, key: str, _sha256: str | None = None) -> None:
        """Remove the picture and its thumbnails; absent ones are no error."""
        self._remove(_picture(key))
        with locked(os, self._layout.locks, locks.KEEPING, key):
            for width in THUMBNAIL_WIDTHS:
                self._remove(_thumbnail(key, width))

    @contextmanager
    def hold(self) -> Iterator[Callable[[str], BinaryIO]]:
        """For a backup. Pictures that are deleted while the block lasts are gone for it too.

        For one at a time on this host: raises `Unavailable`.
        """
        with locks.alone(os, self._layout.locks, locks.HOLDING) as is_ours:
            if not is_ours:
                raise Unavailable("Another backup is being taken.")
            yield self.open

    def files(self) -> Iterator[StoredFile]:
        """Every picture, a thousand at a time, in the store's order."""
        for entry in self._list(IMAGES):
            key = entry["Key"].removeprefix(IMAGES)
            if is_key(key):
                yield StoredFile(key=key, size=entry["Size"], modified=entry["LastModified"].timestamp())

    def remove_leftovers(self, older_than: float) -> int:
        """Also uploads in parts that were never finished. Staged files only of this host."""
        return self._drop_staged(older_than) + self._drop_parts(older_than) + self._drop_objects(older_than)

    def _drop_staged(self, older_than: float) -> int:
        removed = 0
        with disk.faults():
            for path, status in scan.files(self._layout.staging):
                if status.st_ctime < older_than:
                    with suppress(FileNotFoundError):
                        Path(path).unlink()
                        removed += 1
        return removed

    def _drop_parts(self, older_than: float) -> int:
        removed = 0
        with faults():
            pages = self._client.get_paginator("list_multipart_uploads").paginate(Bucket=self._bucket, Prefix=IMAGES)
            for upload in (upload for page in pages for upload in page.get("Uploads", ())):
                if upload["Initiated"].timestamp() < older_than:
                    self._client.abort_multipart_upload(
                        Bucket=self._bucket, Key=upload["Key"], UploadId=upload["UploadId"]
                    )
                    removed += 1
        return removed

    def _drop_objects(self, older_than: float) -> int:
        removed = 0
        for entry in self._strays():
            if entry["LastModified"].timestamp() < older_than:
                self._remove(entry["Key"])
                removed += 1
        return removed

    def _strays(self) -> Iterator[dict[str, Any]]:
        """Objects that belong to no picture."""
        yield from self._list(PROBES)
        for width in THUMBNAIL_WIDTHS:
            folder = f"{THUMBNAILS}{width}/"
            # Both lists come sorted, so that they are compared side by side in one pass.
            keys = (entry["Key"].removeprefix(IMAGES) for entry in self._list(IMAGES))
            current = next(keys, None)
            for entry in self._list(folder):
                key = entry["Key"].removeprefix(folder)
                while current is not None and current < key:
                    current = next(keys, None)
                # Asked once more: the lists were not taken at one moment.
                if current != key and not self._has_picture(key):
                    yield entry

    def _has_picture(self, key: str) -> bool:
        try:
            with reading():
                self._client.head_object(Bucket=self._bucket, Key=_picture(key))
        except NotFound:
            return False
        return True

    def _list(self, prefix: str) -> Iterator[dict[str, Any]]:
        with faults():
            for page in self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix):
                yield from page.get("Contents", ())

    def _remove(self, name: str) -> None:
        with faults():
            self._client.delete_object(Bucket=self._bucket, Key=name)

    def marks(self) -> frozenset[str]:
        """Whose pictures may be in the bucket."""
        return frozenset(entry["Key"].removeprefix(MARKS) for entry in self._list(MARKS))

    def mark(self, identity: str) -> None:
        """Leave a mark: an object of its own, so that no two databases write the same."""
        with faults():
            self._client.put_object(Bucket=self._bucket, Key=MARKS + identity, Body=b"")

    def unmark(self, identity: str) -> None:
        """Take a mark away."""
        self._remove(MARKS + identity)

    def probe(self) -> None:
        """Write and remove a small object, and a local file."""
        with self.stage() as staged:
            staged.write(b"probe")
        name = f"{PROBES}{secrets.token_hex(12)}"
        with faults():
            self._client.put_object(Bucket=self._bucket, Key=name, Body=b"probe")
            self._client.delete_object(Bucket=self._bucket, Key=name)


def _picture(key: str) -> str:
    if not is_key(key):
        raise NotFound("There is no such picture.")
    return IMAGES + key


def _thumbnail(key: str, width: int) -> str:
    if not is_key(key):
        raise NotFound("There is no such thumbnail.")
    return f"{THUMBNAILS}{width}/{key}"
