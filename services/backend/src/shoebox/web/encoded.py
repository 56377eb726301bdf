"""Pictures as text: base64 in a field of a form, decoded as it comes.

Source: RFC 4648 section 4 (base64), WHATWG URL (application/x-www-form-urlencoded).
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import unquote_to_bytes

from shoebox.domain.errors import BadRequest

NO_PICTURE: Final = "The picture is neither a file nor base64. Addresses are not fetched."
MAX_NAME: Final = 256  # bytes of a field's name that are kept; ours has five

_CUT_ESCAPE: Final = re.compile(rb"%[0-9A-Fa-f]?\Z")


class Base64Reader:
    """Decodes base64 piece by piece. Line breaks are skipped, padding at the end may be missing."""

    def __init__(self) -> None:
        self._left = b""
        self._ended = False

    def feed(self, text: bytes) -> bytes:
        """The bytes of what is complete so far. Raises `BadRequest`."""
        # A plus of base64 that nobody escaped arrives as a space.
        text = self._left + text.translate(None, b"\r\n\t").replace(b" ", b"+")
        whole = len(text) - len(text) % 4
        self._left = text[whole:]
        return self._decoded(text[:whole])

    def finish(self) -> bytes:
        """The bytes of what was left. Raises `BadRequest`."""
        return self._decoded(self._left + b"=" * (-len(self._left) % 4))

    def _decoded(self, text: bytes) -> bytes:
        if not text:
            return b""
        if self._ended:
            raise BadRequest(NO_PICTURE)
        try:
            data = binascii.a2b_base64(text, strict_mode=True)
        except binascii.Error as error:
            raise BadRequest(NO_PICTURE) from error
        self._ended = text.endswith(b"=")
        return data


def field_of(chunks: Iterator[bytes], wanted: bytes) -> Iterator[bytes]:
    """The value of one field of an urlencoded form, as it comes. A plus stays a plus."""
    carried, name, in_value = b"", b"", False
    for chunk in chunks:
        data = carried + chunk
        cut = _CUT_ESCAPE.search(data)
        carried = b"" if cut is None else cut[0]
        for index, piece in enumerate(data[: len(data) - len(carried)].split(b"&")):
            value = piece
            if index:
                name, in_value = b"", False
            if not in_value:
                head, equals, value = piece.partition(b"=")
                name, in_value = (name + head)[:MAX_NAME], bool(equals)
            if in_value and value and unquote_to_bytes(name) == wanted:
                yield unquote_to_bytes(value)
