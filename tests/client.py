"""A client of Shoebox as programs write it: plain HTTP, nothing of ours imported."""

from __future__ import annotations

import http.client
import json
import secrets
import socket
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, Self
from urllib.parse import quote, urlencode, urlsplit

TIMEOUT: Final = 60.0  # seconds; longer is a failure, not patience
_NO_HEADERS: Final[Mapping[str, str]] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One response, read whole."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode("utf-8")

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)

    @property
    def type(self) -> str:
        """The media type without its parameters."""
        return self.headers.get_content_type()

    @property
    def request_id(self) -> str:
        """What the answer says its request is called in the logs."""
        return self.headers.get("X-Request-ID", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file as a form sends it."""

    name: str
    data: bytes
    field: str = "file"
    declared_type: str = "application/octet-stream"


class Client:
    """Talks to `url` ("http://host:port"), each request on a connection of its own.

    Inside `with client.keep_alive() as client:` all go over one connection.
    """

    def __init__(self, url: str, *, timeout: float = TIMEOUT) -> None:
        address = urlsplit(url)
        self.url: Final = url
        self.host: Final = address.hostname or ""
        self.port: Final = address.port or 80
        self._timeout = timeout
        self._connection: http.client.HTTPConnection | None = None

    def request(
        self,
        method: str,
        path: str,
        *,
        body: bytes | Iterable[bytes] | None = None,
        headers: Mapping[str, str] = _NO_HEADERS,
    ) -> Answer:
        """Any request. An iterable body goes out chunked unless `headers` has its length."""
        connection = self._connection or self._connect()
        try:
            connection.request(method, path, body=body, headers=dict(headers))
            response = connection.getresponse()
            return Answer(status=response.status, headers=response.headers, body=response.read())
        finally:
            if connection is not self._connection:
                connection.close()

    def get(self, path: str, headers: Mapping[str, str] = _NO_HEADERS) -> Answer:
        """GET."""
        return self.request("GET", path, headers=headers)

    def head(self, path: str, headers: Mapping[str, str] = _NO_HEADERS) -> Answer:
        """HEAD."""
        return self.request("HEAD", path, headers=headers)

    def post(self, path: str, body: bytes = b"", headers: Mapping[str, str] = _NO_HEADERS) -> Answer:
        """POST of a body as it is."""
        return self.request("POST", path, body=body, headers=headers)

    def upload(
        self,
        name: str,
        data: bytes,
        *,
        path: str = "/api/upload/",
        fields: Mapping[str, str] = _NO_HEADERS,
        headers: Mapping[str, str] = _NO_HEADERS,
    ) -> Answer:
        """One file as a form sends it."""
        return self.upload_all([File(name=name, data=data)], path=path, fields=fields, headers=headers)

    def upload_all(
        self,
        files: Iterable[File],
        *,
        path: str = "/api/upload/",
        fields: Mapping[str, str] = _NO_HEADERS,
        headers: Mapping[str, str] = _NO_HEADERS,
    ) -> Answer:
        """Several files in one form."""
        body, content_type = form(files, fields)
        return self.request("POST", path, body=body, headers={"Content-Type": content_type, **headers})

    def put(self, name: str, data: bytes, headers: Mapping[str, str] = _NO_HEADERS) -> Answer:
        """The raw bytes as the body: `curl -T`."""
        return self.request("PUT", f"/api/upload/{quote(name, safe='')}", body=data, headers=headers)

    def list(self, **query: str | int) -> Answer:
        """One page of the list: page=2, per_page=8, sort_param="sort_size", …"""
        return self.get(f"/api/images/?{urlencode(query)}" if query else "/api/images/")

    def delete(self, key: str, headers: Mapping[str, str] = _NO_HEADERS) -> Answer:
        """Delete a picture by its filename."""
        return self.request("DELETE", f"/api/images/{key}", headers=headers)

    def clear(self) -> None:
        """Delete every picture there is."""
        while images := self.list(per_page=100).json["files"]:
            for key in images:
                answer = self.delete(key)
                assert answer.status in {200, 404}, answer.text

    def raw(self, data: bytes, *, timeout: float | None = None) -> bytes:
        """Send bytes as they are; everything that comes back until the other side closes or
        has been silent for `timeout` (seconds)."""
        received = bytearray()
        with socket.create_connection((self.host, self.port), timeout=timeout or self._timeout) as connection:
            try:
                connection.sendall(data)
                while chunk := connection.recv(65536):
                    received += chunk
            except (TimeoutError, ConnectionResetError, BrokenPipeError):
                pass  # what came until then is the answer
        return bytes(received)

    @contextmanager
    def keep_alive(self) -> Iterator[Self]:
        """A client whose requests share one connection, opened anew if the server closed it."""
        session = type(self)(self.url, timeout=self._timeout)
        session._connection = self._connect()
        try:
            yield session
        finally:
            session._connection.close()

    def _connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(self.host, self.port, timeout=self._timeout)


def form(files: Iterable[File], fields: Mapping[str, str] = _NO_HEADERS) -> tuple[bytes, str]:
    """A multipart/form-data body and its Content-Type, as browsers write it (RFC 7578)."""
    boundary = secrets.token_hex(16)
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{_escaped(name)}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields.items()
    ]
    for file in files:
        disposition = f'form-data; name="{_escaped(file.field)}"; filename="{_escaped(file.name)}"'
        head = f"--{boundary}\r\nContent-Disposition: {disposition}\r\nContent-Type: {file.declared_type}\r\n\r\n"
        parts += [head.encode(), file.data, b"\r\n"]
    parts.append(f"--{boundary}--\r\n".encode())
    return b"".join(parts), f"multipart/form-data; boundary={boundary}"


def _escaped(name: str) -> str:
    """As browsers escape a name (WHATWG HTML, multipart/form-data encoding algorithm)."""
    return name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
