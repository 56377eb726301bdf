"""What is told to programs that watch: numbers, and whether to send requests here."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from http import HTTPStatus
from typing import Final

from shoebox.domain.errors import Forbidden, Unavailable
from shoebox.web.proxies import Network
from shoebox.web.request import Request
from shoebox.web.response import Response, header_lines, json_response

# Addresses of a machine's own and of local networks (RFC 1918, 4193, 3927, 4291, 6598).
PRIVATE: Final = tuple(
    ipaddress.ip_network(text)
    for text in (
        "127.0.0.0/8",
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "169.254.0.0/16",
        "100.64.0.0/10",
        "::1/128",
        "fc00::/7",
        "fe80::/10",
    )
)
# Any of these says that somebody passed the request on, so that its sender is not who asks.
_PASSED_ON: Final = ("x-forwarded-for", "x-forwarded-host", "x-real-ip", "forwarded", "via")

Render = Callable[[str], tuple[str, bytes]]

READY: Final = json_response(HTTPStatus.OK, {"status": "ready"})


def not_ready(reason: str) -> Response:
    """An answer that sends a balancer elsewhere."""
    told = json_response(HTTPStatus.SERVICE_UNAVAILABLE, {"status": reason})
    return told.adding({"Retry-After": str(Unavailable.retry_after)})


class Metrics:
    """Numbers for those in `allow`, else for private networks and then only directly: behind a
    proxy that nobody has told us of, every visitor comes from a private address.

    `render` takes an Accept field and answers content type and text.
    """

    def __init__(self, render: Render, allow: tuple[Network, ...]) -> None:
        self._render = render
        self._allow = allow

    def answer(self, request: Request) -> Response:
        """The numbers. Raises `Forbidden`."""
        if not self._may_read(request):
            raise Forbidden("The numbers of this service are not for everybody; see METRICS_ALLOW.")
        content_type, text = self._render(request.accept)
        headers = header_lines({"Content-Type": content_type, "Cache-Control": "no-store"})
        return Response(status=HTTPStatus.OK, headers=headers, body=text)

    def _may_read(self, request: Request) -> bool:
        if not self._allow and any(name in request.fields for name in _PASSED_ON):
            return False
        try:
            client = ipaddress.ip_address(request.client)
        except ValueError:
            return False
        return any(client in network for network in self._allow or PRIVATE)
