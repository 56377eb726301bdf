"""Errors on the way out: one table from what went wrong to a status.

Source: RFC 9457 (problem details), RFC 9110 section 15 (statuses).
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from shoebox.domain.errors import (
    BadRequest,
    Conflict,
    FileTooLarge,
    Forbidden,
    InvalidImage,
    MigrationFailed,
    NotFound,
    RateLimited,
    SharedStore,
    ShoeboxError,
    StorageFull,
    Unavailable,
    UnsupportedFormat,
)


class UriTooLong(BadRequest):
    """The request line is over its limit."""

    code = "uri_too_long"


class HeadersTooLarge(BadRequest):
    """One header, their number or their sum is over its limit."""

    code = "headers_too_large"


class RequestTimeout(BadRequest):
    """The head or the body of the request stopped coming."""

    code = "request_timeout"


class ExpectationFailed(BadRequest):
    """An `Expect` other than `100-continue`."""

    code = "expectation_failed"


class CodingUnknown(BadRequest):
    """A transfer coding other than `chunked`."""

    code = "not_implemented"


class VersionUnknown(BadRequest):
    """A version of HTTP that is not spoken here."""

    code = "version_not_supported"


class ContentTypeUnknown(BadRequest):
    """The body is of another media type than the address takes."""

    code = "unsupported_media_type"


class TusVersionUnknown(BadRequest):
    """A resumable upload in no version, or in one that is not spoken here; `spoken` is."""

    code = "tus_version_not_supported"

    def __init__(self, spoken: str) -> None:
        super().__init__(f"Resumable uploads are spoken here as Tus-Resumable: {spoken}.")
        self.spoken = spoken


class UploadTooLarge(FileTooLarge):
    """A resumable upload is announced that will be over `limit` bytes."""

    def __init__(self, detail: str, *, limit: int) -> None:
        super().__init__(detail)
        self.limit = limit


class MethodNotAllowed(ShoeboxError):
    """The path is known, the method is not. `allow` is the value of the `Allow` header."""

    code = "method_not_allowed"

    def __init__(self, allow: str) -> None:
        super().__init__(f"This address answers {allow} only.")
        self.allow = allow


class RangeNotSatisfiable(ShoeboxError):
    """The range begins after the end of a file of `size` bytes."""

    code = "range_not_satisfiable"

    def __init__(self, size: int) -> None:
        super().__init__(f"The file has {size} bytes; the range asked for lies outside.")
        self.size = size


STATUS: Final[Mapping[type[ShoeboxError], HTTPStatus]] = {
    BadRequest: HTTPStatus.BAD_REQUEST,
    Forbidden: HTTPStatus.FORBIDDEN,
    NotFound: HTTPStatus.NOT_FOUND,
    MethodNotAllowed: HTTPStatus.METHOD_NOT_ALLOWED,
    RequestTimeout: HTTPStatus.REQUEST_TIMEOUT,
    Conflict: HTTPStatus.CONFLICT,
    TusVersionUnknown: HTTPStatus.PRECONDITION_FAILED,
    ContentTypeUnknown: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    FileTooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    UriTooLong: HTTPStatus.REQUEST_URI_TOO_LONG,
    UnsupportedFormat: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    RangeNotSatisfiable: HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE,
    ExpectationFailed: HTTPStatus.EXPECTATION_FAILED,
    InvalidImage: HTTPStatus.UNPROCESSABLE_ENTITY,
    RateLimited: HTTPStatus.TOO_MANY_REQUESTS,
    HeadersTooLarge: HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
    MigrationFailed: HTTPStatus.INTERNAL_SERVER_ERROR,  # ends the start, so that nobody is answered with it
    SharedStore: HTTPStatus.INTERNAL_SERVER_ERROR,  # ends a sweep, as above
    CodingUnknown: HTTPStatus.NOT_IMPLEMENTED,
    Unavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    VersionUnknown: HTTPStatus.HTTP_VERSION_NOT_SUPPORTED,
    StorageFull: HTTPStatus.INSUFFICIENT_STORAGE,
}

WITHHELD: Final = "Something went wrong on our side. It has been written down; please try again later."


def status_of(error: Exception) -> HTTPStatus:
    """The status an error is answered with: that of its nearest class in the table, else 500."""
    for kind in type(error).__mro__:
        if kind in STATUS:
            return STATUS[kind]
    return HTTPStatus.INTERNAL_SERVER_ERROR


def detail_of(error: Exception) -> str:
    """A sentence for people. What is not an error of the domain keeps its words to itself."""
    return str(error) if isinstance(error, ShoeboxError) and str(error) else WITHHELD


def code_of(error: Exception) -> str:
    """A stable word for programs."""
    return error.code if isinstance(error, ShoeboxError) else ShoeboxError.code


def headers_of(error: Exception) -> dict[str, str]:
    """What RFC 9110 wants beside the status: Retry-After, Allow, Content-Range."""
    match error:
        case RateLimited() | Unavailable():
            return {"Retry-After": str(error.retry_after)}
        case TusVersionUnknown():
            return {"Tus-Version": error.spoken}
        case UploadTooLarge():
            return {"Tus-Max-Size": str(error.limit)}
        case MethodNotAllowed():
            return {"Allow": error.allow}
        case RangeNotSatisfiable():
            return {"Content-Range": f"bytes */{error.size}"}
        case _:
            return {}
