"""From a request that carries pictures to what became of each of them."""

from __future__ import annotations

import logging
from contextlib import ExitStack
from dataclasses import dataclass

from shoebox.app.upload import Uploads, too_large
from shoebox.domain.errors import BadRequest, FileTooLarge, ShoeboxError
from shoebox.domain.image import Image
from shoebox.domain.names import clean_original_name, is_collection
from shoebox.web.errors import status_of
from shoebox.web.multipart import ReceivedFile, read_form
from shoebox.web.request import Request

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A file that was refused; `index` counts the request's files from 0."""

    index: int
    original_name: str
    error: ShoeboxError


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
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
