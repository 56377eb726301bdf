"""Giving staged bytes their name in a bucket: whole and verified, or not at all."""

from __future__ import annotations

import hashlib
import os
from base64 import b64encode
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, BinaryIO, Final

from botocore.exceptions import BotoCoreError, ClientError

from shoebox.domain.errors import Unavailable
from shoebox.storage.s3_client import ABSENT, TAKEN, Client, code_of, faults

# Up to here one request takes the file as it lies on the disk. Beyond it a connection that
# breaks should not cost everything that was sent.
WHOLE: Final = 32 * 1024 * 1024  # bytes
PART: Final = 8 * 1024 * 1024  # bytes; held in memory, and S3 takes 10,000 parts
# What an upload is told that was done before, its answer having been lost.
_DONE: Final = TAKEN | {"NoSuchUpload", "404"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """One attempt. `mark` is known to nobody else; `fields` are sent with the object."""

    client: Client
    bucket: str
    name: str
    mark: str
    fields: Mapping[str, str]

    def send(self, descriptor: int, sha256: str) -> None:
        """Send a file's bytes as an object that is new. The store compares them with the
        SHA-256 before it answers. Raises `Unavailable`, `StorageFull`."""
        # The descriptor stays the caller's; the place in the file is shared and unimportant.
        with open(os.dup(descriptor), "rb", buffering=0) as file, faults():  # noqa: PTH123  # it has no path
            file.seek(0)
            size = os.fstat(descriptor).st_size
            try:
                if size <= WHOLE:
                    self._send_whole(file, size, sha256)
                else:
                    self._send_parts(file, sha256)
            except ClientError as error:
                if code_of(error) not in _DONE or not self._is_ours():
                    raise

    def _send_whole(self, file: BinaryIO, size: int, sha256: str) -> None:
        self.client.put_object(
            **self._target(),
            **self._described(),
            Body=file,
            ContentLength=size,
            ChecksumSHA256=_encoded(bytes.fromhex(sha256)),
            IfNoneMatch="*",
        )

    def _send_parts(self, file: BinaryIO, sha256: str) -> None:
        begun = self.client.create_multipart_upload(**self._target(), **self._described(), ChecksumAlgorithm="SHA256")
        upload = {**self._target(), "UploadId": begun["UploadId"]}
        try:
            parts = self._send_each(file, upload, sha256)
            self.client.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts}, IfNoneMatch="*")
        except BaseException:
            # What cannot be withdrawn now is the sweep's.
            with suppress(ClientError, BotoCoreError):
                self.client.abort_multipart_upload(**upload)
            raise

    def _send_each(self, file: BinaryIO, upload: dict[str, str], sha256: str) -> list[dict[str, Any]]:
        whole = hashlib.sha256()
        parts: list[dict[str, Any]] = []
        while data := _read(file):
            whole.update(data)
            checksum = _encoded(hashlib.sha256(data).digest())
            number = len(parts) + 1
            sent = self.client.upload_part(**upload, PartNumber=number, Body=data, ChecksumSHA256=checksum)
            parts.append({"PartNumber": number, "ETag": sent["ETag"], "ChecksumSHA256": checksum})
        if whole.hexdigest() != sha256:
            raise Unavailable("The file was damaged before it was stored.")
        return parts

    def _is_ours(self) -> bool:
        """Whether the object that is there is this attempt's: a request may be done and its
        answer lost, and the one that botocore sends again then finds the key taken."""
        try:
            head = self.client.head_object(**self._target())
        except ClientError as error:
            if code_of(error) in ABSENT:
                return False
            raise
        return bool(head.get("Metadata", {}).get("upload") == self.mark)

    def _target(self) -> dict[str, str]:
        return {"Bucket": self.bucket, "Key": self.name}

    def _described(self) -> dict[str, Any]:
        return {**self.fields, "Metadata": {"upload": self.mark}}


def _read(file: BinaryIO) -> bytes:
    """One part; an unbuffered file may give less than it was asked for."""
    data = bytearray()
    while len(data) < PART and (chunk := file.read(PART - len(data))):
        data += chunk
    return bytes(data)


def _encoded(digest: bytes) -> str:
    return b64encode(digest).decode()
