"""Files as answers: validators, ranges, types from our own table.

Behind Nginx only `?download=1` and what was not made yet comes here; embedded, everything.
Source: RFC 9110 sections 13 (conditions) and 14 (ranges).
"""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import formatdate, parsedate_to_datetime
from functools import lru_cache
from http import HTTPStatus
from pathlib import Path
from typing import BinaryIO, Final

from shoebox.domain.errors import NotFound
from shoebox.web.errors import RangeNotSatisfiable
from shoebox.web.mixins.conditional import matches
from shoebox.web.request import Request
from shoebox.web.response import FileBody, Response, header_lines

TYPES: Final[Mapping[str, str]] = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".webmanifest": "application/manifest+json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".webp": "image/webp",
    ".avif": "image/avif",
    ".ico": "image/x-icon",
    ".woff2": "font/woff2",
    ".txt": "text/plain; charset=utf-8",
    ".map": "application/json",
}
IMMUTABLE: Final = "public, max-age=31536000, immutable"  # a year, as caches understand "for ever"
UNKNOWN_TYPE: Final = "application/octet-stream"

_RANGE: Final = re.compile(r"bytes=[ \t]*(?:([0-9]{1,18})-([0-9]{0,18})|-([0-9]{1,18}))[ \t]*", re.IGNORECASE)
# Not every failure to open says that there is nothing: running out of descriptors does not.
_ABSENT: Final = frozenset({errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG, errno.EACCES, errno.ELOOP})
_VISIBLE: Final = re.compile(r"[^./\\][^/\\]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Facts:
    size: int
    etag: str
    modified: int | None


def open_below(root: Path, path: str) -> BinaryIO:
    """A file below `root`. Raises `NotFound`, also for hidden files and every way upwards."""
    parts = path.split("/")
    if not all(_VISIBLE.fullmatch(part) for part in parts):
        raise NotFound("There is nothing at this address.")
    try:
        return root.joinpath(*parts).open("rb")
    except ValueError as error:  # a NUL
        raise NotFound("There is nothing at this address.") from error
    except OSError as error:
        if error.errno not in _ABSENT:
            raise
        raise NotFound("There is nothing at this address.") from error


def type_of(path: str) -> str:
    """The media type a file of ours is served with, by its extension."""
    return TYPES.get(Path(path).suffix.lower(), UNKNOWN_TYPE)


PAGE: Final = header_lines(
    {
        "Content-Type": "text/html; charset=utf-8",
        "Cache-Control": "no-cache",
        "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; "
        "img-src 'self' blob: data:; connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; "
        "frame-ancestors 'none'",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
    }
)


def page_response(request: Request, folder: Path, name: str) -> Response:
    """A page of ours, with all that keeps strangers' code out of it."""
    return file_response(request, open_below(folder, name), PAGE, tag=name)


def static_response(request: Request, folder: Path, path: str) -> Response:
    """A file that belongs to the pages. Asked for with a version (`?v=`), it never changes."""
    file = open_below(folder, path)
    cache = IMMUTABLE if request.query.get("v") else "no-cache"
    return file_response(request, file, header_lines({"Content-Type": type_of(path), "Cache-Control": cache}), tag=path)


def file_response(request: Request, file: BinaryIO, headers: bytes, *, tag: str) -> Response:
    """The file, a part of it, or 304. Raises `RangeNotSatisfiable`.

    `tag` stands in the ETag where the file has no inode (an object store's); otherwise the
    ETag has the form of Nginx's, so that both answer for each other.
    """
    try:
        return _file_response(request, file, headers, _facts(file, tag))
    except BaseException:
        file.close()
        raise


def _file_response(request: Request, file: BinaryIO, headers: bytes, facts: _Facts) -> Response:
    headers += b"Accept-Ranges: bytes\r\n"
    if facts.modified is not None:
        headers += b"Last-Modified: %b\r\n" % _http_date(facts.modified).encode()
    if _is_known(request.fields, facts):
        file.close()
        return Response(status=HTTPStatus.NOT_MODIFIED, headers=headers, etag=facts.etag)
    part = _range(request, facts)
    if part is None:
        whole = FileBody(file=file, offset=0, length=facts.size)
        return Response(status=HTTPStatus.OK, headers=headers, file=whole, etag=facts.etag)
    first, last = part
    headers += b"Content-Range: bytes %d-%d/%d\r\n" % (first, last, facts.size)
    body = FileBody(file=file, offset=first, length=last - first + 1)
    return Response(status=HTTPStatus.PARTIAL_CONTENT, headers=headers, file=body, etag=facts.etag)


def _facts(file: BinaryIO, tag: str) -> _Facts:
    try:
        stat = os.fstat(file.fileno())
    except OSError:  # io.UnsupportedOperation: bytes of an object store have no descriptor
        # Some of them know when they were stored.
        modified = getattr(file, "modified", None)
        return _Facts(size=file.seek(0, os.SEEK_END), etag=f'"{tag}"', modified=modified)
    modified = int(stat.st_mtime)
    return _Facts(size=stat.st_size, etag=f'"{modified:x}-{stat.st_size:x}"', modified=modified)


def _is_known(fields: Mapping[str, str], facts: _Facts) -> bool:
    named = fields.get("if-none-match")
    if named is not None:
        return matches(named, facts.etag)
    since = fields.get("if-modified-since")
    if since is None or facts.modified is None:
        return False
    moment = _epoch(since)
    return moment is not None and facts.modified <= moment


def _range(request: Request, facts: _Facts) -> tuple[int, int] | None:
    """First and last byte wanted; None for the whole file, also where several ranges are
    asked for, which RFC 9110 section 14.2 allows and which costs a forger nothing to ask."""
    match = _RANGE.fullmatch(request.fields.get("range", ""))
    if match is None or request.method != "GET" or not _range_applies(request.fields, facts):
        return None
    first, last, suffix = match.groups()
    if suffix is not None:
        start, end = max(facts.size - int(suffix), 0), facts.size - 1
    else:
        start, end = int(first), min(int(last), facts.size - 1) if last else facts.size - 1
        if last and int(last) < start:
            return None
    if start >= facts.size:
        raise RangeNotSatisfiable(facts.size)
    return start, end


def _range_applies(fields: Mapping[str, str], facts: _Facts) -> bool:
    validator = fields.get("if-range")
    if validator is None:
        return True
    if validator.startswith('"'):
        return validator == facts.etag
    return facts.modified is not None and _epoch(validator) == facts.modified


@lru_cache(maxsize=1024)
def _http_date(seconds: int) -> str:
    return formatdate(seconds, usegmt=True)


@lru_cache(maxsize=256)
def _epoch(text: str) -> int | None:
    try:
        return int(parsedate_to_datetime(text).timestamp())
    except (ValueError, OverflowError):
        return None


def download_line(name: str) -> bytes:
    """A Content-Disposition that saves under `name` (RFC 6266, both forms)."""
    plain = "".join(c if c.isascii() and c.isprintable() and c not in '"\\%' else "_" for c in name)
    encoded = "".join(chr(b) if chr(b) in _ATTR else f"%{b:02X}" for b in name.encode("utf-8", "replace"))
    return header_lines({"Content-Disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{encoded}"})


_ATTR: Final = frozenset("!#$&+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
