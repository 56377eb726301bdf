"""What Schemathesis cannot know: how a picture looks, and what the wire cannot carry."""

from __future__ import annotations

import base64
import io
from typing import Any

import schemathesis
from hypothesis import strategies as st
from PIL import Image
from schemathesis.transport.serialization import Binary

FORMATS = ("PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF")


def _picture(form: str, width: int, height: int, color: tuple[int, int, int]) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (width, height), color).save(file, form)
    return file.getvalue()


COLORS = st.tuples(*[st.integers(0, 255)] * 3)
PICTURES = st.builds(_picture, st.sampled_from(FORMATS), st.integers(1, 64), st.integers(1, 64), COLORS)

schemathesis.openapi.format("binary", PICTURES.map(Binary))
schemathesis.openapi.format("base64-picture", PICTURES.map(lambda data: base64.b64encode(data).decode()))
# Only the server can make a cursor, and an empty parameter counts as an absent one.
schemathesis.openapi.format("cursor", st.just(""))


@schemathesis.serializer("application/offset+octet-stream")
def send_piece(_context: Any, value: Any) -> dict[str, Any]:
    """A piece of an upload goes out as it is."""
    return {"data": value.data if isinstance(value, Binary) else str(value).encode()}


@schemathesis.hook
def filter_case(_context: Any, case: schemathesis.Case) -> bool:
    """A field of the head that nobody asked for is no mistake in HTTP (RFC 9110 section 5.1)."""
    return not any("unknown-property" in name for name in case.headers or ())


@schemathesis.hook
def filter_query(_context: Any, query: Any) -> bool:
    """A parameter is text, and an empty one counts as absent: neither can be wrong."""
    return not isinstance(query, dict) or all(_is_said(name, value) for name, value in query.items())


@schemathesis.hook
def filter_body(_context: Any, body: Any) -> bool:
    """So is a field of a form: null arrives as the word null, which names a collection."""
    return not isinstance(body, dict) or _is_text(body.get("collection", ""))


def _is_said(name: str, value: object) -> bool:
    return isinstance(value, str | int | float) and (value != "" or name == "cursor")


def _is_text(value: object) -> bool:
    return isinstance(value, str)
