"""What stands in a form, while it comes in."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Final

from shoebox.app.upload import Incoming
from shoebox.domain.errors import BadRequest, ShoeboxError
from shoebox.web.encoded import Base64Reader

MAX_FIELD_SIZE: Final = 4096  # bytes of a text field; a collection's name has 64


class TextPart:
    """A text field."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._data = b""

    def write(self, data: bytes) -> None:
        if len(self._data) + len(data) > MAX_FIELD_SIZE:
            raise BadRequest(f"A field of the form has at most {MAX_FIELD_SIZE} bytes.")
        self._data += data

    def text(self) -> str:
        try:
            return self._data.decode()
        except UnicodeDecodeError as error:
            raise BadRequest("A field of the form is not encoded in UTF-8.") from error


class FilePart:
    """A file. After its first error the rest of it is skipped and its place freed."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.incoming: Incoming | None = None
        self.holder = ExitStack()
        self.error: ShoeboxError | None = None

    def write(self, data: bytes | memoryview) -> None:
        if self.error is not None or self.incoming is None:
            return
        try:
            self.incoming.write(data)
        except ShoeboxError as error:
            self.error = error
            self.holder.close()

    def end(self) -> None:
        """All of it was written."""


class EncodedPart(FilePart):
    """A file that came as base64 in a text field."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self._reader = Base64Reader()

    def write(self, data: bytes | memoryview) -> None:
        super().write(self._reader.feed(bytes(data)))

    def end(self) -> None:
        super().write(self._reader.finish())
