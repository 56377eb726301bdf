"""From a request that carries pictures to what became of each of them."""

from __future__ import annotations

import logging
import re
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Final, NamedTuple

from shoebox.app.upload import Uploads, too_large
from shoebox.domain.errors import BadRequest, FileTooLarge, ShoeboxError, TooManyFiles
from shoebox.domain.image import Image
from shoebox.domain.names import clean_original_name, is_collection
from shoebox.web.encoded import Base64Reader, field_of
from shoebox.web.errors import status_of
from shoebox.web.multipart import FORM_OVERHEAD, Form, ReceivedFile, read_form
from shoebox.web.request import Request

log = logging.getLogger(__name__)

ENCODED_GROWTH: Final = 2  # bytes a byte of a picture, as base64 with its signs escaped

_URLENCODED: Final = re.compile(r"application/x-www-form-urlencoded(?:[ \t]*;.*)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A file that was refused; `index` counts the request's files from 0."""

    index: int
    original_name: str
    error: ShoeboxError


class Outcome(NamedTuple):
    """What became of a request's files. Of a single one there is never a failure: it raises."""

    images: tuple[Image, ...]
    failures: tuple[Failure, ...]
    several: bool


def upload_form(request: Request, uploads: Uploads) -> Outcome:
    """Receive every file of a form, then store them one by one.

    Nothing is stored before the whole form was read. Raises the error of a single file;
    with several, each one's error is in the outcome.
    """
    with ExitStack() as stack:
        form = read_form(request.body, request.fields.get("content-type", ""), uploads, stack)
        collection = parse_collection(form.collection or request.query.get("collection"))
        if not form.files:
            raise BadRequest("The form holds no file.")
        if len(form.files) == 1:
            return Outcome(images=(_store(form.files[0], uploads, collection),), failures=(), several=False)
        return _store_each(form.files, uploads, collection)


def upload_one(request: Request, uploads: Uploads, *, collection: str | None = None) -> Image:
    """Store a form's only file, in `collection` or the one its field names.

    Raises `TooManyFiles` where there are more; then nothing is stored.
    """
    with ExitStack() as stack:
        form = read_form(request.body, request.fields.get("content-type", ""), uploads, stack)
        return _only(form, uploads, parse_collection(collection or form.collection))


def upload_encoded(request: Request, uploads: Uploads, *, field: str) -> Image:
    """Store the picture in a form's field: a file, or base64 in either kind of form."""
    content_type = request.fields.get("content-type", "")
    with ExitStack() as stack:
        if _URLENCODED.fullmatch(content_type) is None:
            form = read_form(request.body, content_type, uploads, stack, base64_field=field)
            return _only(form, uploads, None)
        incoming, reader = stack.enter_context(uploads.receive()), Base64Reader()
        chunks = request.body.chunks(uploads.limits.max_file_size * ENCODED_GROWTH + FORM_OVERHEAD)
        for text in field_of(chunks, field.encode()):
            incoming.write(reader.feed(text))
        incoming.write(reader.finish())
        return uploads.store(incoming, original_name="", collection=None)


def upload_body(request: Request, name: str, uploads: Uploads) -> Outcome:
    """Store the request's body as one picture called `name`."""
    collection = parse_collection(request.query.get("collection"))
    with uploads.receive() as incoming:
        try:
            for chunk in request.body.chunks(uploads.limits.max_file_size):
                incoming.write(chunk)
        except FileTooLarge as error:
            raise too_large(uploads.limits.max_file_size) from error
        image = uploads.store(incoming, original_name=name, collection=collection)
    return Outcome(images=(image,), failures=(), several=False)


def parse_collection(text: str | None) -> str | None:
    """A collection's name; None for none. Raises `BadRequest` for what cannot be one."""
    if not text:
        return None
    if not is_collection(text):
        raise BadRequest(
            "collection is 1 to 64 letters, digits, hyphens and underscores, and not a word this service uses itself."
        )
    return text


def _only(form: Form, uploads: Uploads, collection: str | None) -> Image:
    if not form.files:
        raise BadRequest("The form holds no file.")
    if len(form.files) > 1:
        raise TooManyFiles("This address takes one file at a time; none of these was stored.")
    return _store(form.files[0], uploads, collection)


def _store(file: ReceivedFile, uploads: Uploads, collection: str | None) -> Image:
    if file.error is not None:
        raise file.error
    return uploads.store(file.incoming, original_name=file.original_name, collection=collection)


def _store_each(files: tuple[ReceivedFile, ...], uploads: Uploads, collection: str | None) -> Outcome:
    images: list[Image] = []
    failures: list[Failure] = []
    for index, file in enumerate(files):
        try:
            images.append(_store(file, uploads, collection))
        except ShoeboxError as error:
            file.discard()  # on a full disk, its room is what the next one needs
            if status_of(error) >= 500:
                log.warning("upload failed", extra={"index": index, "reason": str(error)}, exc_info=error)
            name = clean_original_name(file.original_name)
            failures.append(Failure(index=index, original_name=name, error=error))
    return Outcome(images=tuple(images), failures=tuple(failures), several=True)
