"""Which kind of answer a client would rather have (RFC 9110 section 12.5.1)."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

MAX_RANGES: Final = 32  # media ranges; browsers send about eight

_QUALITY: Final = re.compile(r"(?:0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)")

TEXT: Final = "text/plain"
HTML: Final = "text/html"
JSON: Final = "application/json"


@lru_cache(maxsize=256)
def prefers_text(accept: str) -> bool:
    """Whether plain text is weighed above JSON."""
    return weight(accept, TEXT) > weight(accept, JSON)


@lru_cache(maxsize=256)
def prefers_html(accept: str) -> bool:
    """Whether a page is weighed above JSON and text: a browser is being steered by a person."""
    return weight(accept, HTML) > max(weight(accept, JSON), weight(accept, TEXT))


def weight(accept: str, media: str) -> float:
    """How much `media` is wanted, 0 to 1: by the most specific range that covers it."""
    ranges = _ranges(accept)
    for pattern in (media, media.partition("/")[0] + "/*", "*/*"):
        if pattern in ranges:
            return ranges[pattern]
    return 0.0


def _ranges(accept: str) -> dict[str, float]:
    ranges: dict[str, float] = {}
    for item in accept.split(",")[:MAX_RANGES]:
        media, *parameters = (part.strip().lower() for part in item.split(";"))
        quality = 1.0
        for parameter in parameters:
            name, _, value = parameter.partition("=")
            if name.strip() == "q":
                quality = float(value) if _QUALITY.fullmatch(value.strip()) else 0.0
        if media:
            ranges[media] = quality
    return ranges
