"""Resumable uploads, as browsers and tools speak them.

Source: tus resumable upload protocol 1.0.0, core and the extensions creation,
creation-with-upload, termination, expiration, checksum. Beyond it: `GET` tells an upload's
state as JSON with the picture that was made of it, and answers after the last byte name
that picture in `Upload-Image`.
"""

from __future__ import annotations

import binascii
import re
from base64 import b64decode
from collections.abc import Mapping
from email.utils import format_datetime
from http import HTTPStatus
from typing import Final

from shoebox.app.application import Application
from shoebox.app.resumable import DIGESTS, Checksum, Progress
from shoebox.app.upload import UploadLimits
from shoebox.domain.errors import BadRequest, ChecksumMismatch, FileTooLarge
from shoebox.web.errors import ContentTypeUnknown, TusVersionUnknown, UploadTooLarge, code_of
from shoebox.web.presenters import image_json
from shoebox.web.request import Request
from shoebox.web.response import Response, header_lines, json_bytes, json_response
from shoebox.web.uploading import parse_collection

VERSION: Final = "1.0.0"
EXTENSIONS: Final = "creation,creation-with-upload,termination,expiration,checksum"
BYTES: Final = "application/offset+octet-stream"
MISMATCH: Final = 460  # "Checksum Mismatch", the protocol's own status
MAX_DIGITS: Final = 19  # of a number of bytes
UNREADABLE: Final = "Upload-Metadata is different words with base64 values, separated by commas."
MAX_METADATA: Final = 4096  # bytes: a name and a collection take a quarter of it at most

_NUMBER: Final = re.compile(rf"[0-9]{{1,{MAX_DIGITS}}}")
_METADATA_KEY: Final = re.compile(r"[!-+\--~]+")  # ASCII without space and comma
_CHECKSUM: Final = re.compile(r"([a-z0-9]+) ([A-Za-z0-9+/=]+)")
_BLANKS: Final = " \t"
_PATH: Final = ("api", "tus")


def offer(segments: tuple[str, ...], limits: UploadLimits) -> dict[str, str]:
    """What OPTIONS tells beside the methods; nothing for other addresses."""
    if segments[:2] != _PATH:
        return {}
    return {
        "Tus-Resumable": VERSION,
        "Tus-Version": VERSION,
        "Tus-Extension": EXTENSIONS,
        "Tus-Max-Size": str(limits.max_file_size),
        "Tus-Checksum-Algorithm": ",".join(DIGESTS),
    }


def spoken_lines(fields: Mapping[str, str]) -> bytes:
    """Every answer to a request in the protocol says so, refusals too."""
    return _SPOKEN if "tus-resumable" in fields else b""


_SPOKEN: Final = header_lines({"Tus-Resumable": VERSION})
_NOT_KEPT: Final = header_lines({"Cache-Control": "no-store"})


class TusEndpoints:
    """Endpoints over `app.resumable`."""

    app: Application

    def tus_create(self, request: Request) -> Response:
        _check_version(request)
        metadata = request.fields.get("upload-metadata", "")
        told = parse_metadata(metadata)
        # One that cannot be read is refused before anything is kept, also where no piece comes along.
        parse_checksum(request.fields.get("upload-checksum"))
        resumable = self.app.resumable
        try:
            begun = resumable.begin(
                length=_number(request, "upload-length"),
                original_name=told.get("filename") or told.get("name") or "",
                collection=parse_collection(told.get("collection")),
                metadata=metadata,
            )
        except FileTooLarge as error:
            raise UploadTooLarge(str(error), limit=resumable.limits.max_file_size) from error
        location = {"Location": f"/api/tus/{begun.upload.id}"}
        if request.fields.get("content-type") == BYTES:
            return self._append(request, begun.upload.id, 0, HTTPStatus.CREATED).adding(location)
        return _answer(HTTPStatus.CREATED, begun).adding(location)

    def tus_state(self, request: Request, partial_id: str) -> Response:
        if request.method == "HEAD":
            _check_version(request)
        progress = self.app.resumable.look(partial_id)
        upload = progress.upload
        image = None if upload.key is None else image_json(self.app.gallery.get(upload.key), request.base_url)
        told = {
            "offset": progress.offset,
            "length": upload.length,
            "expires_at": progress.expires_at.isoformat().replace("+00:00", "Z"),
            "image": image,
        }
        headers = header_lines(_state(progress) | {"Content-Type": "application/json"})
        if upload.metadata:
            headers += header_lines({"Upload-Metadata": upload.metadata})
        return Response(status=HTTPStatus.OK, headers=headers + _NOT_KEPT, body=json_bytes(told))

    def tus_append(self, request: Request, partial_id: str) -> Response:
        _check_version(request)
        if request.fields.get("content-type") != BYTES:
            raise ContentTypeUnknown(f"The pieces of an upload are sent as {BYTES}.")
        return self._append(request, partial_id, _number(request, "upload-offset"), HTTPStatus.NO_CONTENT)

    def tus_remove(self, request: Request, partial_id: str) -> Response:
        _check_version(request)
        self.app.resumable.remove(partial_id)
        return Response(status=HTTPStatus.NO_CONTENT)

    def tus_override(self, request: Request, partial_id: str) -> Response:
        """For clients that can only POST."""
        match request.fields.get("x-http-method-override"):
            case "PATCH":
                return self.tus_append(request, partial_id)
            case "DELETE":
                return self.tus_remove(request, partial_id)
            case _:
                raise BadRequest("X-HTTP-Method-Override is PATCH or DELETE.")

    def _append(self, request: Request, partial_id: str, offset: int, status: HTTPStatus) -> Response:
        checksum = parse_checksum(request.fields.get("upload-checksum"))
        try:
            progress = self.app.resumable.append(partial_id, offset, request.body.chunks, checksum)
        except ChecksumMismatch as error:
            told = {"type": "about:blank", "title": "Checksum Mismatch", "status": MISMATCH}
            return json_response(MISMATCH, told | {"detail": str(error), "code": code_of(error)})
        return _answer(status, progress)


def parse_metadata(text: str) -> dict[str, str]:
    """Words with base64 values, with commas. Raises `BadRequest`."""
    found: dict[str, str] = {}
    if len(text) > MAX_METADATA:
        raise BadRequest(f"Upload-Metadata is longer than {MAX_METADATA} bytes.")
    for pair in text.split(",") if text.strip(_BLANKS) else ():
        name, _, value = pair.strip(_BLANKS).partition(" ")
        if _METADATA_KEY.fullmatch(name) is None or name in found:
            raise BadRequest(UNREADABLE)
        try:
            found[name] = b64decode(value, validate=True).decode("utf-8")
        except (UnicodeDecodeError, binascii.Error) as error:
            raise BadRequest(UNREADABLE) from error
    return found


def parse_checksum(text: str | None) -> Checksum | None:
    """An algorithm and a base64 digest. Raises `BadRequest`."""
    if text is None:
        return None
    match = _CHECKSUM.fullmatch(text)
    if match is None or match[1] not in DIGESTS:
        raise BadRequest(f"Upload-Checksum is one of {', '.join(DIGESTS)}, a space, and the digest in base64.")
    try:
        digest = b64decode(match[2], validate=True)
    except binascii.Error as error:
        raise BadRequest("The digest in Upload-Checksum is not base64.") from error
    if len(digest) != DIGESTS[match[1]]:
        raise BadRequest(f"A digest of {match[1]} has {DIGESTS[match[1]]} bytes.")
    return Checksum(algorithm=match[1], digest=digest)


def _number(request: Request, field: str) -> int:
    text = request.fields.get(field, "")
    if _NUMBER.fullmatch(text) is None:
        raise BadRequest(f"{field.title()} is a number of bytes.")
    return int(text)


def _check_version(request: Request) -> None:
    if request.fields.get("tus-resumable") != VERSION:
        raise TusVersionUnknown(VERSION)


def _answer(status: HTTPStatus, progress: Progress) -> Response:
    return Response(status=status, headers=header_lines(_state(progress)) + _NOT_KEPT)


def _state(progress: Progress) -> dict[str, str]:
    upload = progress.upload
    told = {"Upload-Offset": str(progress.offset), "Upload-Length": str(upload.length)}
    if upload.key is None:
        return told | {"Upload-Expires": format_datetime(progress.expires_at.replace(microsecond=0), usegmt=True)}
    return told | {"Upload-Image": f"/api/images/{upload.key}"}
