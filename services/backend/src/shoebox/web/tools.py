"""Files that other people's programs need to upload here, made for the host that was asked."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from shoebox.domain.errors import NotFound
from shoebox.web.response import Response, header_lines

# A browser keeps a script instead of showing it, and nobody's browser runs it.
TOOLS: Final = {
    "shoebox.sxcu": "application/json",
    "shoebox.sh": "text/plain; charset=utf-8",
    "shortcut.txt": "text/plain; charset=utf-8",
}


class Tools:
    """The templates of a folder, read once. Raises `OSError` when one is missing."""

    def __init__(self, folder: Path) -> None:
        self._texts = {name: (folder / name).read_text("utf-8") for name in TOOLS}

    def file(self, name: str, base_url: str) -> Response:
        """One file with this host's address in it. Raises `NotFound`.

        The address has the form of a host, so nothing in it means anything to a shell or in JSON.
        """
        if name not in self._texts:
            raise NotFound("There is no such tool.")
        host = base_url.partition("://")[2]
        text = self._texts[name].replace("@URL@", base_url).replace("@HOST@", host)
        return Response(
            status=200,
            headers=header_lines({"Content-Type": TOOLS[name], "Cache-Control": "no-cache"}),
            body=text.encode(),
        )
