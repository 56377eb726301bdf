"""What a list request means, and the same question as a query string."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final
from urllib.parse import urlencode

from shoebox.domain.errors import BadRequest
from shoebox.domain.listing import Filter, ListQuery
from shoebox.domain.names import fold
from shoebox.web.target import CACHED_TARGET, Query, Target
from shoebox.web.uploading import parse_collection

MAX_TEXT: Final = 255  # characters searched for; no name is longer
MAX_KNOWN: Final = 256  # queries that a process remembers the meaning of

_known: Final[dict[str, ListQuery]] = {}  # by the query as sent; reading and writing are one step each
_STATE: Final = ("page", "per_page", "sort_param", "sort_value", "collection", "q")


def parse_filter(query: Query) -> Filter:
    """Read `collection` and `q`. Raises `BadRequest`."""
    text = query.get("q")
    if text is not None and len(text) > MAX_TEXT:
        raise BadRequest(f"q has at most {MAX_TEXT} characters.")
    return Filter(collection=parse_collection(query.get("collection")), text=None if text is None else fold(text))


def understood(target: Target, read: Callable[[Query], ListQuery]) -> ListQuery:
    """What `read` makes of the target's query, which is the same each time."""
    known = _known.get(target.raw_query)
    if known is None:
        known = read(target.query)
        if len(_known) >= MAX_KNOWN:
            _known.clear()
        if len(target.raw_query) <= CACHED_TARGET:
            _known[target.raw_query] = known
    return known


def plain_query(query: Query, **changes: str) -> str:
    """The state of a gallery as a query string of the page for visitors without script.

    Only parameters we know are repeated, so that nothing else travels through our links.
    """
    state = {name: changes.get(name, query.get(name)) for name in _STATE}
    return urlencode({"view": "plain"} | {name: value for name, value in state.items() if value is not None})
