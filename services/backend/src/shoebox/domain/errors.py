"""Everything that can go wrong, in the words of the domain. HTTP meets it in `web.errors`.

`code` is a stable word for programs, `str(error)` a sentence for people that never holds a
stack trace, SQL or a server path.
"""

from __future__ import annotations

from typing import ClassVar


class ShoeboxError(Exception):
    """The root: anything below it is an answer, not a bug."""

    code: ClassVar[str] = "internal_error"


class BadRequest(ShoeboxError):
    """The question cannot be read."""

    code = "bad_request"


class TooManyFiles(BadRequest):
    """More files in one request than are accepted; nothing of it is stored."""

    code = "too_many_files"


class Forbidden(ShoeboxError):
    """A page of another site asks in a visitor's name."""

    code = "forbidden"


class NotFound(ShoeboxError):
    """There is no such picture, page or path."""

    code = "not_found"


class Conflict(ShoeboxError):
    """What is asked for was overtaken by another request."""

    code = "conflict"


class ChecksumMismatch(BadRequest):
    """A piece of an upload is not what its checksum says."""

    code = "checksum_mismatch"


class FileTooLarge(ShoeboxError):
    """A file or a request body is over its limit."""

    code = "file_too_large"


class UnsupportedFormat(ShoeboxError):
    """The bytes are of no accepted picture format."""

    code = "unsupported_format"


class InvalidImage(ShoeboxError):
    """The bytes claim a format and break its rules, or ask for too many pixels."""

    code = "invalid_image"


class RateLimited(ShoeboxError):
    """One client asks too often. `retry_after` is in whole seconds."""

    code = "rate_limited"

    def __init__(self, detail: str, *, retry_after: int) -> None:
        super().__init__(detail)
        self.retry_after = retry_after


class Unavailable(ShoeboxError):
    """The database, the storage or the decoders are away; asking again later may help."""

    code = "unavailable"
    retry_after = 2  # seconds; a database restart takes about this long


class MigrationFailed(ShoeboxError):
    """The database refused a file of the schema, and will again. The text names the file and gives
    the database's reason: it is for those who run the service."""


class SharedStore(ShoeboxError):
    """Another database may have pictures in the store. The text says what to do: it is for those
    who run the service."""


class StorageFull(ShoeboxError):
    """The disk has no room left for this file."""

    code = "insufficient_storage"
