"""Which endpoint a path means."""

from __future__ import annotations

import pytest

from shoebox.domain.errors import NotFound
from shoebox.web.errors import MethodNotAllowed
from shoebox.web.handler import ROUTES, Handler
from shoebox.web.mixins.routing import build_router, find
from shoebox.web.target import parse_target

ROUTER = build_router(ROUTES)


def endpoint(method: str, path: str) -> tuple[str, tuple[str, ...]]:
    match = find(ROUTER, method, parse_target(path).segments)
    return match.endpoint, match.values


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route[0]} {route[1]}")
def test_every_route_has_an_endpoint(route: tuple[str, str, str]) -> None:
    assert callable(getattr(Handler, route[2]))


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "/", ("welcome_page", ())),
        ("HEAD", "/images/", ("gallery_page", ())),
        ("GET", "/images/a.jpg", ("picture", ("a.jpg",))),
        ("GET", "/thumbs/320/a.jpg", ("thumbnail", ("320", "a.jpg"))),
        ("PUT", "/api/upload/a%2Fb", ("upload_raw", ("a/b",))),
        ("GET", "/static/js/lib/dom.js", ("static_file", ("js/lib/dom.js",))),
        ("GET", "/Holiday_2026", ("collection_page", ("Holiday_2026",))),
        ("GET", "/images-list", ("d2_list", ())),
    ],
)
def test_a_path_leads_to_its_endpoint(method: str, path: str, expected: tuple[str, tuple[str, ...]]) -> None:
    assert endpoint(method, path) == expected


@pytest.mark.parametrize(
    "path", ["/nothing/here", "/a.b", "/" + "a" * 65, "//", "/images//a.jpg", "/api/images/a/", "/thumbs/320/", "/%20"]
)
def test_an_unknown_path_is_not_found(path: str) -> None:
    with pytest.raises(NotFound):
        endpoint("GET", path)


def test_a_wrong_method_is_told_the_right_ones() -> None:
    with pytest.raises(MethodNotAllowed) as caught:
        endpoint("POST", "/api/images/a.jpg")
    assert caught.value.allow == "GET, HEAD, DELETE, OPTIONS"


def test_options_is_known_wherever_something_is() -> None:
    assert endpoint("OPTIONS", "/api/upload/")[0] == "options"
    with pytest.raises(NotFound):
        endpoint("OPTIONS", "/nothing/here")


def test_two_endpoints_for_one_address_are_a_mistake() -> None:
    with pytest.raises(ValueError, match="two endpoints"):
        build_router([("GET", "/a", "x"), ("GET", "/a", "y")])
