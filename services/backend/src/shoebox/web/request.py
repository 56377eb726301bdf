"""A request as the endpoints see it: parsed, validated, frozen."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NamedTuple

from shoebox.domain.errors import BadRequest
from shoebox.web.body import Body
from shoebox.web.framing import Head
from shoebox.web.proxies import Proxies
from shoebox.web.target import Query, Target

_HOST: Final = re.compile(r"(?:[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?")
_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9_-]{8,64}")

_current_id: ContextVar[str] = ContextVar("request_id", default="")


class Request(NamedTuple):
    """One request. `fields` are the header fields, names in lower case.

    `client` is the address rate limits and logs go by; `base_url` is scheme and host as the
    visitor sees them, without a slash at the end.
    """

    id: str
    method: str
    target: Target
    fields: Mapping[str, str]
    client: str
    base_url: str
    host: str
    body: Body

    @property
    def query(self) -> Query:
        """The parameters after the question mark."""
        return self.target.query

    @property
    def accept(self) -> str:
        """The Accept field; no field means everything."""
        return self.fields.get("accept", "*/*")


def current_request_id() -> str:
    """The id of the request this thread is serving, "" between requests. For log lines."""
    return _current_id.get()


def enter_request(request_id: str) -> None:
    """Make `request_id` the one that `current_request_id` answers in this thread."""
    _current_id.set(request_id)


def request_id_of(fields: Mapping[str, str]) -> str:
    """The id the client or Nginx gave if it has a harmless form, else a new one of 32 hex digits."""
    given = fields.get("x-request-id")
    return given if given is not None and _REQUEST_ID.fullmatch(given) else os.urandom(16).hex()


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """Both ends of a connection: who sends, and the host:port they reached us at."""

    address: str
    local: str


def build_request(
    head: Head, target: Target, body: Body, *, request_id: str, peer: Peer, proxies: Proxies, public_url: str | None
) -> Request:
    """Put a request together. Raises `BadRequest` when its host is no host."""
    fields = head.fields
    host = check_host(target.authority or fields.get("host", peer.local))
    client, scheme, public_host = peer.address, "http", host
    if proxies.trusts(peer.address):
        client = proxies.client(peer.address, fields.get("x-forwarded-for", ""))
        scheme = proxies.scheme(fields.get("x-forwarded-proto", ""))
        public_host = check_host(proxies.host(fields.get("x-forwarded-host", "")) or host)
    return Request(
        id=request_id,
        method=head.method,
        target=target,
        fields=fields,
        client=client,
        base_url=public_url or f"{scheme}://{public_host}",
        host=public_host,
        body=body,
    )


@lru_cache(maxsize=256)
def check_host(text: str) -> str:
    """`text` if it has the form of a host with an optional port, else `BadRequest`."""
    if _HOST.fullmatch(text) is None:
        raise BadRequest("The host of the request is not valid.")
    return text
