"""Requests for tests that need no socket."""

from __future__ import annotations

from shoebox.web.body import NO_BODY
from shoebox.web.request import Request
from shoebox.web.target import parse_target


def make_request(
    method: str = "GET", target: str = "/", *, client: str = "192.0.2.1", host: str = "shoebox", **fields: str
) -> Request:
    """A request as an endpoint would see it; underscores in field names stand for hyphens."""
    return Request(
        id="0123456789abcdef",
        method=method,
        target=parse_target(target),
        fields={name.replace("_", "-"): value for name, value in fields.items()},
        client=client,
        base_url=f"http://{host}",
        host=host,
        body=NO_BODY,
    )
