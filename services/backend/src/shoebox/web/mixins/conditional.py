"""Answers that the client may have already (RFC 9110 section 13)."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Protocol

from shoebox.web.response import Response


class HasFields(Protocol):
    """What is needed of a request."""

    @property
    def method(self) -> str:
        """The method."""

    @property
    def fields(self) -> Mapping[str, str]:
        """The header fields, names in lower case."""


def unless_known(request: HasFields, response: Response) -> Response:
    """304 in place of a 200 to GET or HEAD whose ETag the client named in If-None-Match."""
    named = request.fields.get("if-none-match")
    if named is None or response.etag is None or response.status != HTTPStatus.OK:
        return response
    if request.method not in {"GET", "HEAD"} or not matches(named, response.etag):
        return response
    if response.file:
        response.file.file.close()
    return response._replace(status=HTTPStatus.NOT_MODIFIED, body=b"", file=None)


def matches(named: str, etag: str) -> bool:
    """Weak comparison of an If-None-Match field with an ETag of ours, which holds no comma."""
    if named == "*":
        return True
    return any(item.strip().removeprefix("W/") == etag for item in named.split(","))


class ConditionalMixin:
    """Spares what the client has."""

    def conditional(self, request: HasFields, response: Response) -> Response:
        """304 in place of an answer the client has already."""
        return unless_known(request, response)
