"""Which pictures a list request means, and the same question as a query string."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlencode

from shoebox.domain.errors import BadRequest
from shoebox.domain.listing import Filter
from shoebox.domain.names import fold
from shoebox.web.target import Query
from shoebox.web.uploading import parse_collection

MAX_TEXT: Final = 255  # characters searched for; no name is longer

_STATE: Final = ("page", "per_page", "sort_param", "sort_value", "collection", "q")


def parse_filter(query: Query) -> Filter:
    """Read `collection` and `q`. Raises `BadRequest`."""
    text = query.get("q")
    if text is not None and len(text) > MAX_TEXT:
        raise BadRequest(f"q has at most {MAX_TEXT} characters.")
    return Filter(collection=parse_collection(query.get("collection")), text=None if text is None else fold(text))


def plain_query(query: Query, **changes: str) -> str:
    """The state of a gallery as a query string of the page for visitors without script.

    Only parameters we know are repeated, so that nothing else travels through our links.
    """
    state = {name: changes.get(name, query.get(name)) for name in _STATE}
    return urlencode({"view": "plain"} | {name: value for name, value in state.items() if value is not None})
