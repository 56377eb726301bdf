"""Answers to lists that Nginx can give by itself from now on, as long as nothing changes.

What makes an answer is in the file's name, letter for letter: the address that its links begin with
and the query. Nginx forms the same name of what it is asked (services/nginx/snippets/lists.conf), so
an answer is never given to another question.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from http import HTTPStatus
from typing import Final, Protocol

from shoebox.web.request import Request
from shoebox.web.response import JSON, Response

STAMP_BITS: Final = 33  # of the hash: what every file system keeps of a time in seconds

# Our own pages' order of the parameters; with any other, or with more of them, a worker is asked.
_KEPT: Final = re.compile(
    r"(https?)://([a-z0-9.:\[\]-]{1,80})\?"
    r"((?:page=[1-9][0-9]{0,4})?(?:&?per_page=(?:100|[1-9][0-9]?))?(?:&?sort_param=sort_(?:age|size|name))?"
    r"(?:&?sort_value=(?:asc|desc))?(?:&?collection=[A-Za-z0-9_-]{1,64})?)"
)

Keep = Callable[[bytes, int], None]


class KeptLists(Protocol):
    """Where answers are kept."""

    def reading(self, name: str) -> AbstractContextManager[Keep | None]:
        """Around asking for a list and making the answer, which may then be kept under a file's
        `name`, with the time that file is to have. None where it may not be kept now."""


def name_of(request: Request) -> str | None:
    """The name that an answer is kept under; None for one that is not."""
    found = _KEPT.fullmatch(f"{request.base_url}?{request.target.raw_query}")
    return None if found is None else "@".join(found.groups())


def kept_json(body: bytes, digest: bytes, keep: Keep | None) -> Response:
    """A JSON answer with the ETag that Nginx gives the file: time and size in hexadecimal. The time
    is of a hash of what makes the answer."""
    stamp = int.from_bytes(digest[:8]) >> (64 - STAMP_BITS)
    if keep:
        keep(body, stamp)
    return Response(status=HTTPStatus.OK, headers=JSON, body=body, etag=f'"{stamp:x}-{len(body):x}"')
