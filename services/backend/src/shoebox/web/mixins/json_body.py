"""Answers for programs."""

from __future__ import annotations

import hashlib
from typing import Final

from shoebox.web.response import JSON, Response, json_bytes

ETAG_DIGITS: Final = 24  # of a hash: 96 bits, so two answers that differ will not meet


def tagged_json(status: int, value: object) -> Response:
    """A JSON answer whose ETag is a hash of its bytes."""
    return tagged(status, json_bytes(value))


def tagged(status: int, body: bytes) -> Response:
    """The same of JSON that is written already."""
    etag = f'"{hashlib.sha256(body).hexdigest()[:ETAG_DIGITS]}"'
    return Response(status=status, headers=JSON, body=body, etag=etag)


class JsonBodyMixin:
    """Writes JSON."""

    def json(self, status: int, value: object) -> Response:
        """A JSON answer with an ETag."""
        return tagged_json(status, value)
