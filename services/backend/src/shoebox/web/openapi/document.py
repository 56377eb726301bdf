"""The whole description."""

from __future__ import annotations

from typing import Any, Final

from shoebox.web.openapi import older, paths, tus
from shoebox.web.openapi.schemas import SCHEMAS

TAGS: Final = (
    paths.IMAGES,
    tus.TUS,
    paths.FILES,
    paths.SERVICE,
    paths.PAGES,
    older.D1,
    older.D2,
    older.D4,
    older.IMGUR,
)
ABOUT: Final = """\
Drop a picture, get a link.

Errors are `application/problem+json` with a sentence for people in `detail` and a stable word for
programs in `code`; where `Accept` weighs `text/plain` above JSON they are one line of text, and
browsers outside of `/api/` are shown a page. `HEAD` works wherever `GET` does. Answers carry an
`ETag`, and `If-None-Match` gets 304. Every answer carries its `X-Request-ID`, which the logs hold too.
"""


def document(version: str) -> dict[str, Any]:
    """The API as an OpenAPI 3.1 document."""
    everything: dict[str, dict[str, Any]] = {}
    for described in (paths.PATHS, tus.PATHS, older.PATHS):
        for path, operations in described.items():
            everything.setdefault(path, {}).update(operations)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Shoebox",
            "version": version,
            "description": ABOUT,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        # In the order in which people look for things.
        "tags": [{"name": tag} for tag in TAGS],
        "paths": everything,
        "components": {"schemas": SCHEMAS},
    }
