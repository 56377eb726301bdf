"""Which words an error is told in, by the address it was met at."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote

from shoebox.web.dialects import d2, d4, imgur

_D2: Final = re.compile(r"[A-Z]+ (?:/images-list|/delete/.*|/api/delete/.*)|POST /upload")
_D4: Final = re.compile(r"POST /upload/.+|[A-Z]+ /api/url/.*|(?:GET|HEAD) /api/images/[^/.]+")
_IMGUR: Final = re.compile(r"[A-Z]+ /3/.*")


def error_json(error: Exception, method: str, path: str) -> dict[str, object] | None:
    """An error in the words of the system whose address `path` is; None for our own."""
    asked = f"{method} {path}"
    if _D2.fullmatch(asked):
        return d2.error_json(error)
    if _D4.fullmatch(asked):
        return d4.error_json(error, unquote(path.rpartition("/")[2]))
    if _IMGUR.fullmatch(asked):
        return imgur.error_json(error, method, path)
    return None
