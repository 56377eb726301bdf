"""A client of Shoebox in one file: copy it beside your program. Needs nothing but Python 3.11.

    from shoebox import Shoebox

    box = Shoebox("http://localhost:8080")
    image = box.upload("photo.jpg", collection="Summer-2026")
    print(image.absolute_url)
    for image in box.images(sort="sort_size"):
        print(image.filename, image.size)
    box.delete(image.filename)

As a program: `python3 shoebox.py http://localhost:8080 photo.jpg …` prints one link a file.
"""

from __future__ import annotations

import http.client
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, BinaryIO, Final, Self
from urllib.parse import quote, urlencode, urlsplit

TIMEOUT: Final = 60.0  # seconds without a sign of life
PAGE: Final = 100  # pictures a request while walking through a list


class ShoeboxError(Exception):
    """The server refused. `status` is HTTP's, `code` a stable word, `retry_after` in seconds or None."""

    def __init__(self, status: int, code: str, detail: str, retry_after: int | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """One picture, as the server describes it. Keys that a newer server adds are left out."""

    id: int
    filename: str
    original_name: str
    url: str
    absolute_url: str
    thumbnail_url: str
    size: int
    width: int
    height: int
    file_type: str
    content_type: str
    upload_time: str
    sha256: str
    color: str
    collection: str | None

    @classmethod
    def of(cls, told: dict[str, Any]) -> Self:
        """From an image object."""
        return cls(**{field.name: told[field.name] for field in fields(cls)})


class Shoebox:
    """A server at `url`. Each call is a connection of its own, so threads may share one."""

    def __init__(self, url: str, *, timeout: float = TIMEOUT) -> None:
        self._address = urlsplit(url)
        self._timeout = timeout
        if self._address.scheme not in {"http", "https"} or not self._address.hostname:
            raise ValueError(f"not an address: {url}")

    def upload(self, picture: str | Path | bytes, *, name: str | None = None, collection: str | None = None) -> Image:
        """Send a file, or bytes, and return what is stored. Raises `ShoeboxError`."""
        if isinstance(picture, bytes):
            return self._put(picture, name or "picture", collection)
        path = Path(picture)
        with path.open("rb") as file:
            return self._put(file, name or path.name, collection)

    def get(self, filename: str) -> Image:
        """Look at one. Raises `ShoeboxError`."""
        return Image.of(self._json("GET", f"/api/images/{quote(filename, safe='')}"))

    def read(self, filename: str) -> bytes:
        """Fetch its bytes. Raises `ShoeboxError`."""
        return self._ask("GET", f"/images/{quote(filename, safe='')}")

    def thumbnail(self, filename: str, width: int = 320) -> bytes:
        """Fetch it small, as WebP. Raises `ShoeboxError`."""
        return self._ask("GET", f"/thumbs/{width}/{quote(filename, safe='')}")

    def delete(self, filename: str) -> None:
        """Delete it for good. Raises `ShoeboxError`, status 404 where there is none."""
        self._json("DELETE", f"/api/images/{quote(filename, safe='')}")

    def images(
        self,
        *,
        sort: str = "sort_age",
        direction: str = "desc",
        collection: str | None = None,
        name: str | None = None,
    ) -> Iterator[Image]:
        """Walk through all, or a collection, or those whose name holds `name`; a page is held at a time."""
        query = {"per_page": str(PAGE), "sort_param": sort, "sort_value": direction}
        query |= {"collection": collection} if collection else {}
        query |= {"q": name} if name else {}
        while True:
            page = self._json("GET", f"/api/images/?{urlencode(query)}")
            yield from map(Image.of, page["images"])
            if not page["next_cursor"]:
                return
            query["cursor"] = page["next_cursor"]

    def health(self) -> dict[str, Any]:
        """What /health says. Raises `ShoeboxError` when the service is not well."""
        told: dict[str, Any] = self._json("GET", "/health")
        return told

    def _put(self, body: bytes | BinaryIO, name: str, collection: str | None) -> Image:
        query = f"?{urlencode({'collection': collection})}" if collection else ""
        return Image.of(self._json("PUT", f"/api/upload/{quote(name, safe='')}{query}", body))

    def _json(self, method: str, path: str, body: bytes | BinaryIO | None = None) -> Any:
        return json.loads(self._ask(method, path, body))

    def _ask(self, method: str, path: str, body: bytes | BinaryIO | None = None) -> bytes:
        kind = http.client.HTTPSConnection if self._address.scheme == "https" else http.client.HTTPConnection
        connection = kind(self._address.hostname or "", self._address.port, timeout=self._timeout)
        headers = {"Accept": "application/json, */*;q=0.5"}
        if body is not None and not isinstance(body, bytes):
            headers["Content-Length"] = str(Path(body.name).stat().st_size)
        try:
            connection.request(method, self._address.path.rstrip("/") + path, body=body, headers=headers)
            response = connection.getresponse()
            data = response.read()
        finally:
            connection.close()
        if not 200 <= response.status < 300:
            raise _error(response, data)
        return data


def _error(response: http.client.HTTPResponse, data: bytes) -> ShoeboxError:
    waiting = response.headers.get("Retry-After", "")
    retry_after = int(waiting) if waiting.isdecimal() else None
    try:
        problem = json.loads(data)
        return ShoeboxError(response.status, problem["code"], problem["detail"], retry_after)
    except (ValueError, KeyError, TypeError):  # a proxy in between that speaks its own words
        return ShoeboxError(response.status, "unknown", response.reason, retry_after)


def main(arguments: list[str]) -> int:
    """Upload the files named after the address; print one link each."""
    if len(arguments) < 2:
        print("usage: shoebox.py URL FILE...", file=sys.stderr)
        return 2
    box, failed = Shoebox(arguments[0]), False
    for name in arguments[1:]:
        try:
            print(box.upload(name).absolute_url)
        except (ShoeboxError, OSError) as error:
            print(f"{name}: {error}", file=sys.stderr)
            failed = True
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
