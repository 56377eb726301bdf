"""Whose word about the client is believed: X-Forwarded-* from trusted proxies only."""

from __future__ import annotations

import ipaddress
from functools import lru_cache
from typing import Final

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

CACHED_CHAIN: Final = 256  # characters; longer ones are rarely sent twice and would fill the cache
SCHEMES: Final = frozenset({"http", "https"})


class Proxies:
    """Trusted networks. With `trust_peer` whoever connects is our own Nginx."""

    def __init__(self, networks: tuple[Network, ...], *, trust_peer: bool) -> None:
        self._networks = networks
        self._trust_peer = trust_peer
        self._inside = lru_cache(maxsize=1024)(self._is_inside)
        self._client = lru_cache(maxsize=1024)(self._last_outside)

    def _is_inside(self, address: str) -> bool:
        try:
            parsed = ipaddress.ip_address(address)
        except ValueError:
            return False
        mapped = parsed.ipv4_mapped if isinstance(parsed, ipaddress.IPv6Address) else None
        return any((mapped or parsed) in network for network in self._networks)

    def trusts(self, peer: str) -> bool:
        """Whether the forwarded fields of a connection from `peer` are believed."""
        return self._trust_peer or bool(self._networks and self._inside(peer))

    def client(self, peer: str, forwarded_for: str) -> str:
        """The last address in the chain that is not a proxy of ours: the first one was
        written by the client, the last by whom we trust."""
        if len(forwarded_for) > CACHED_CHAIN:
            return self._last_outside(peer, forwarded_for)
        return self._client(peer, forwarded_for)

    def _last_outside(self, peer: str, forwarded_for: str) -> str:
        client = peer
        for item in reversed(forwarded_for.split(",")):
            address = item.strip()
            if not _is_address(address):
                break
            client = address
            if not self._inside(address):
                break
        return client

    def scheme(self, forwarded_proto: str) -> str:
        """The scheme the nearest proxy was asked with; "http" when it says nothing we know."""
        scheme = forwarded_proto.rpartition(",")[2].strip().lower()
        return scheme if scheme in SCHEMES else "http"

    def host(self, forwarded_host: str) -> str:
        """The host the nearest proxy was asked for; "" when it does not say."""
        return forwarded_host.rpartition(",")[2].strip()


@lru_cache(maxsize=1024)
def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
