"""Whose word is believed about the client, the scheme and the host."""

from __future__ import annotations

import ipaddress

import pytest

from shoebox.domain.errors import BadRequest
from shoebox.web.body import NO_BODY
from shoebox.web.framing import parse_head
from shoebox.web.proxies import Proxies
from shoebox.web.request import Peer, Request, build_request
from shoebox.web.target import parse_target

OURS = (ipaddress.ip_network("10.0.0.0/8"), ipaddress.ip_network("fd00::/8"))
FORWARDED = b"X-Forwarded-For: %b\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: pictures.example"


def ask(
    *lines: bytes,
    peer: str = "203.0.113.9",
    networks: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...] = OURS,
    trust_peer: bool = False,
    public_url: str | None = None,
) -> Request:
    head = parse_head(b"\r\n".join((b"GET / HTTP/1.1", b"Host: inside:8080", *lines)))
    return build_request(
        head,
        parse_target(head.target),
        NO_BODY,
        request_id="x",
        peer=Peer(address=peer, local="127.0.0.1:8080"),
        proxies=Proxies(networks, trust_peer=trust_peer),
        public_url=public_url,
    )


def test_a_stranger_cannot_say_who_it_is() -> None:
    request = ask(FORWARDED % b"1.2.3.4")
    assert (request.client, request.base_url) == ("203.0.113.9", "http://inside:8080")


def test_a_trusted_proxy_is_believed() -> None:
    request = ask(FORWARDED % b"1.2.3.4", peer="10.0.0.1")
    assert (request.client, request.base_url) == ("1.2.3.4", "https://pictures.example")


def test_our_own_nginx_is_believed_wherever_it_connects_from() -> None:
    request = ask(FORWARDED % b"1.2.3.4", trust_peer=True, networks=())
    assert (request.client, request.base_url) == ("1.2.3.4", "https://pictures.example")


def test_what_a_client_put_before_the_proxy_is_ignored() -> None:
    assert ask(FORWARDED % b"6.6.6.6, 1.2.3.4, 10.9.9.9", peer="10.0.0.1").client == "1.2.3.4"


def test_an_address_that_is_none_ends_the_chain() -> None:
    assert ask(FORWARDED % b"1.2.3.4, <script>, 10.9.9.9", peer="10.0.0.1").client == "10.9.9.9"


def test_the_public_url_wins() -> None:
    assert ask(FORWARDED % b"1.2.3.4", peer="10.0.0.1", public_url="https://p.example").base_url == "https://p.example"


def test_a_scheme_nobody_knows_is_not_repeated() -> None:
    assert ask(b"X-Forwarded-Proto: javascript", peer="10.0.0.1").base_url == "http://inside:8080"


@pytest.mark.parametrize("host", [b"a b", b"a/b", b'a"b', b"a:port", b"a:999999", b"[::1", b"", b"\xd0\xb6"])
def test_a_forwarded_host_is_checked_like_any_other(host: bytes) -> None:
    if host:
        with pytest.raises(BadRequest):
            ask(b"X-Forwarded-Host: " + host, peer="10.0.0.1")
    else:
        assert ask(b"X-Forwarded-Host: ", peer="10.0.0.1").base_url == "http://inside:8080"


def test_an_ipv4_client_behind_ipv6_is_recognised() -> None:
    assert Proxies(OURS, trust_peer=False).trusts("::ffff:10.0.0.1")
