"""What pages of other sites may do."""

from __future__ import annotations

import pytest

from services.backend.tests.unit.web.requests import make_request
from shoebox.domain.errors import Forbidden
from shoebox.web.origins import Origins

STRICT = Origins((), None)
FRIEND = "https://friend.example"


@pytest.mark.parametrize(
    "fields",
    [
        {},  # a program
        {"origin": "http://shoebox:8080"},
        {"origin": "http://SHOEBOX:8080"},
        {"sec_fetch_site": "same-origin"},
        {"sec_fetch_site": "none"},
        {"sec_fetch_site": "same-origin", "origin": "https://seen-through-a-proxy.example"},
    ],
)
def test_programs_and_our_own_pages_may_change_things(fields: dict[str, str]) -> None:
    STRICT.check(make_request("DELETE", host="shoebox:8080", **fields))


@pytest.mark.parametrize(
    "fields",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://shoebox"},  # another port
        {"origin": "http://shoebox:8080.evil.example"},
        {"origin": "http://evil.example/http://shoebox:8080"},
        {"origin": ""},
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "cross-site", "origin": "http://shoebox:8080"},
        {"sec_fetch_site": "same-site", "origin": "http://shoebox:3000"},
    ],
)
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_pages_of_other_sites_may_not(method: str, fields: dict[str, str]) -> None:
    with pytest.raises(Forbidden):
        STRICT.check(make_request(method, host="shoebox:8080", **fields))


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_looking_is_free(method: str) -> None:
    STRICT.check(make_request(method, origin="https://evil.example", sec_fetch_site="cross-site"))


def test_the_default_port_goes_without_saying_also_behind_tls() -> None:
    STRICT.check(make_request("POST", host="shoebox:443", origin="https://shoebox"))
    STRICT.check(make_request("POST", host="shoebox", origin="https://shoebox"))


def test_the_public_url_is_ours_whatever_the_host() -> None:
    Origins((), "https://p.example").check(make_request("POST", host="inside", origin="https://p.example"))


def test_a_friend_may() -> None:
    origins = Origins((FRIEND,), None)
    origins.check(make_request("POST", origin=FRIEND, sec_fetch_site="cross-site"))
    lines = origins.lines({"origin": FRIEND})
    assert b"Access-Control-Allow-Origin: https://friend.example\r\n" in lines
    assert b"Vary: Origin\r\n" in lines


def test_everybody_may_where_everybody_is_a_friend() -> None:
    origins = Origins(("*",), None)
    origins.check(make_request("POST", origin="https://evil.example", sec_fetch_site="cross-site"))
    assert b"Access-Control-Allow-Origin: *\r\n" in origins.lines({"origin": "a\r\nSet-Cookie: b"})


def test_nobody_else_is_named() -> None:
    assert Origins((FRIEND,), None).lines({"origin": "https://evil.example"}) == b"Vary: Origin\r\n"
    assert STRICT.lines({"origin": FRIEND}) == b""


def test_a_preflight_tells_a_friend_what_it_may_send() -> None:
    asked = {"origin": FRIEND, "access-control-request-method": "DELETE"}
    answer = Origins((FRIEND,), None).preflight(asked, "GET, DELETE")
    assert answer.status == 204
    assert b"Access-Control-Allow-Methods: GET, DELETE\r\n" in answer.headers


def test_options_tells_everybody_what_is_allowed_and_strangers_no_more() -> None:
    asked = {"origin": "https://evil.example", "access-control-request-method": "DELETE"}
    assert Origins((FRIEND,), None).preflight(asked, "GET, DELETE").headers == b"Allow: GET, DELETE\r\n"
