"""Answers for programs."""

from __future__ import annotations

import hashlib
from typing import Final

from shoebox.web.response import JSON, Response, json_bytes

ETAG_DIGITS: Final = 24  # of a hash: 96 bits, so two answers that differ will not meet


def tagged_json(status: int, value: object) -> Response:
    """A JSON answer whose ETag is a hash of its bytes."""
    body = json_bytes(value)
    return tagged(status, body, hashlib.sha256(body).digest())


def tagged(status: int, body: bytes, digest: bytes) -> Response:
    """The same of JSON that is written already, with a hash of what makes it."""
    return Response(status=status, headers=JSON, body=body, etag=f'"{digest.hex()[:ETAG_DIGITS]}"')


class JsonBodyMixin:
    """Writes JSON."""

    def json(self, status: int, value: object) -> Response:
        """A JSON answer with an ETag."""
        return tagged_json(status, value)
