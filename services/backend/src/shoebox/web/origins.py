"""Pages of other sites: what their scripts may ask of us in a visitor's name.

Source: Fetch standard (Origin, CORS), W3C Fetch Metadata (Sec-Fetch-Site).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from shoebox.domain.errors import Forbidden
from shoebox.web.request import Request
from shoebox.web.response import Response, header_lines

SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
PREFLIGHT_AGE: Final = 600  # seconds a browser may remember a preflight; Chrome's own most is 7200
EXPOSED: Final = (
    "Location, ETag, Retry-After, X-Request-ID, Content-Disposition, Tus-Resumable, Tus-Version, Tus-Extension, "
    "Tus-Max-Size, Tus-Checksum-Algorithm, Upload-Offset, Upload-Length, Upload-Metadata, Upload-Expires, Upload-Image"
)
ACCEPTED_HEADERS: Final = (
    "Content-Type, If-None-Match, Range, X-Request-ID, Tus-Resumable, Upload-Length, Upload-Offset, Upload-Metadata, "
    "Upload-Checksum, X-HTTP-Method-Override, X-Requested-With"
)


class Origins:
    """Which foreign origins are welcome; `*` welcomes all."""

    def __init__(self, allowed: tuple[str, ...], public_url: str | None) -> None:
        self._all = "*" in allowed
        self._allowed = frozenset(allowed)
        self._public = public_url

    def check(self, request: Request) -> None:
        """Raise `Forbidden` for a state-changing request that a foreign page makes."""
        if request.method in SAFE_METHODS:
            return
        origin = request.fields.get("origin")
        if origin is not None and self._welcomes(origin):
            return
        site = request.fields.get("sec-fetch-site")
        if site in {"same-origin", "none"}:  # the browser's word, which no page can forge
            return
        if site == "cross-site" or (origin is not None and not self._is_own(origin, request.host)):
            raise Forbidden("Pages of another site may not change anything here.")

    def _welcomes(self, origin: str) -> bool:
        return self._all or origin in self._allowed

    def _is_own(self, origin: str, host: str) -> bool:
        # The scheme is left out: a proxy that ends TLS may not tell us of it.
        scheme, _, place = origin.partition("://")
        own = self._public is not None and origin == self._public
        return own or (bool(place) and _without_port(place, scheme) == _without_port(host, scheme))

    def lines(self, fields: Mapping[str, str]) -> bytes:
        """The CORS header lines for an answer to a request with these fields. What a client
        sent is repeated only where it is one of our own words."""
        if not self._allowed:
            return b""
        if self._all:
            return _EVERYBODY
        origin = fields.get("origin", "")
        if origin not in self._allowed:
            return b"Vary: Origin\r\n"
        return header_lines({"Access-Control-Allow-Origin": origin, "Vary": "Origin"}) + _EXPOSE

    def preflight(self, fields: Mapping[str, str], allow: str) -> Response:
        """The answer to OPTIONS: what the path allows, and what a welcome page may send."""
        headers = header_lines({"Allow": allow})
        origin = fields.get("origin")
        if origin is not None and self._welcomes(origin) and "access-control-request-method" in fields:
            headers += header_lines(
                {
                    "Access-Control-Allow-Methods": allow,
                    "Access-Control-Allow-Headers": ACCEPTED_HEADERS,
                    "Access-Control-Max-Age": str(PREFLIGHT_AGE),
                }
            )
        return Response(status=204, headers=headers)


_EXPOSE: Final = header_lines({"Access-Control-Expose-Headers": EXPOSED})
_EVERYBODY: Final = header_lines({"Access-Control-Allow-Origin": "*"}) + _EXPOSE


def _without_port(place: str, scheme: str) -> str:
    default = ":443" if scheme == "https" else ":80"
    return place.lower().removesuffix(default)
