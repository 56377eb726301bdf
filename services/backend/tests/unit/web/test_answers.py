"""Errors, images and pages as clients get them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from shoebox.domain import errors as domain
from shoebox.domain.errors import (
    BadRequest,
    InvalidImage,
    NotFound,
    RateLimited,
    ShoeboxError,
    Unavailable,
)
from shoebox.domain.image import Facts, Format, Image
from shoebox.domain.listing import Cursor, Listing, ListQuery, PageNumber, Sort
from shoebox.web.errors import STATUS, MethodNotAllowed, RangeNotSatisfiable, status_of
from shoebox.web.framing import Head
from shoebox.web.page_json import listing_json
from shoebox.web.pages import Pages
from shoebox.web.presenters import image_json
from shoebox.web.refusals import refusal
from shoebox.web.response import Response, header_lines
from shoebox.web.target import parse_target
from shoebox.web.uploading import Failure, Outcome

FRONTEND = Path(__file__).parents[5] / "services" / "frontend"
PAGES = Pages(FRONTEND / "templates")
XSS = '<script>alert("x")</script>$title'

IMAGE = Image(
    id=42,
    key="k3J9xQ2mVb7c.jpg",
    original_name=XSS,
    uploaded_at=datetime(2026, 11, 20, 10, 30, tzinfo=UTC),
    collection=None,
    facts=Facts(format=Format.JPEG, width=4032, height=3024, size=245113, sha256="ab" * 32, color="#8a7f6b"),
)


def refuse(error: Exception, *, accept: str = "*/*", method: str = "GET", target: str = "/api/images/") -> Response:
    return refusal(error, Head(method=method, target=target, minor=1, fields={"accept": accept}), PAGES)


def test_every_error_of_the_domain_has_a_status_of_its_own() -> None:
    kinds = [kind for kind in vars(domain).values() if isinstance(kind, type) and issubclass(kind, ShoeboxError)]
    assert [kind for kind in kinds if kind is not ShoeboxError and not set(kind.__mro__) & STATUS.keys()] == []


def test_an_error_is_a_problem_for_programs() -> None:
    response = refuse(NotFound("There is no such picture."))
    assert json.loads(response.body) == {
        "type": "about:blank",
        "title": "Not Found",
        "status": 404,
        "detail": "There is no such picture.",
        "code": "not_found",
    }
    assert b"Content-Type: application/problem+json\r\n" in response.headers


def test_what_is_no_error_of_ours_keeps_its_words() -> None:
    response = refuse(RuntimeError("password=secret at /srv/shoebox"))
    assert response.status == 500
    assert b"secret" not in response.body


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (RateLimited("Too many.", retry_after=7), b"Retry-After: 7\r\n"),
        (Unavailable("Away."), b"Retry-After: 2\r\n"),
        (MethodNotAllowed("GET, HEAD"), b"Allow: GET, HEAD\r\n"),
        (RangeNotSatisfiable(10), b"Content-Range: bytes */10\r\n"),
    ],
)
def test_an_error_brings_the_header_its_status_asks_for(error: Exception, line: bytes) -> None:
    assert line in refuse(error).headers


@pytest.mark.parametrize(
    ("method", "target", "accept"),
    [("POST", "/", "*/*"), ("POST", "/?a=b", "text/html"), ("POST", "/api/upload/", "text/plain")],
)
def test_an_error_is_one_line_where_text_is_wanted(method: str, target: str, accept: str) -> None:
    response = refuse(InvalidImage("The picture is damaged."), accept=accept, method=method, target=target)
    assert (response.status, response.body) == (422, b"The picture is damaged.\n")


def test_an_error_is_a_page_for_people_and_their_text_is_only_text() -> None:
    response = refuse(BadRequest(XSS), accept="text/html", target="/images/?view=plain")
    assert response.status == 400
    assert b"<script>alert" not in response.body
    assert b"&lt;script&gt;" in response.body
    assert b"frame-ancestors 'none'" in response.headers


def test_below_api_even_browsers_get_problems() -> None:
    assert b"problem+json" in refuse(NotFound("No."), accept="text/html", target="/api/images/x.png").headers


def test_the_nearest_class_in_the_table_decides() -> None:
    class Worse(InvalidImage):
        pass

    assert status_of(Worse("x")) == 422


def test_an_image_has_the_promised_keys() -> None:
    assert image_json(IMAGE, "http://host") == {
        "id": 42,
        "filename": "k3J9xQ2mVb7c.jpg",
        "original_name": XSS,
        "url": "/images/k3J9xQ2mVb7c.jpg",
        "absolute_url": "http://host/images/k3J9xQ2mVb7c.jpg",
        "thumbnail_url": "/thumbs/320/k3J9xQ2mVb7c.jpg",
        "size": 245113,
        "width": 4032,
        "height": 3024,
        "file_type": "jpg",
        "content_type": "image/jpeg",
        "upload_time": "2026-11-20T10:30:00.000000Z",
        "sha256": "ab" * 32,
        "color": "#8a7f6b",
        "collection": None,
    }


def listing(*images: Image, total: int = 25, number: int = 2, following: Cursor | None = None) -> Listing:
    query = ListQuery(place=PageNumber(number=number))
    return Listing(query=query, images=images, total=total, number=number, next=following, previous=None)


def test_a_page_has_the_promised_keys_the_older_clients_first() -> None:
    cursor = Cursor(sort=Sort(), value=1, id=1, backward=False, number=3)
    page = json.loads(listing_json(listing(IMAGE, following=cursor), "http://host").body)
    assert (
        list(page)
        == (
            "files total_pages images page per_page total_items sort_param sort_value next_cursor prev_cursor last_page"
        ).split()
    )
    assert (page["total_pages"], page["last_page"], page["prev_cursor"]) == (4, False, None)


def test_an_empty_store_has_no_pages_and_this_is_the_last() -> None:
    page = json.loads(listing_json(listing(total=0, number=1), "http://host").body)
    assert (page["files"], page["total_pages"], page["last_page"], page["next_cursor"]) == ([], 0, True, None)


def test_no_name_becomes_part_of_a_page() -> None:
    outcome = Outcome(
        images=(IMAGE,),
        failures=(Failure(index=1, original_name=XSS, error=InvalidImage(XSS)),),
        several=True,
    )
    pages = [
        PAGES.uploaded(207, outcome, "http://host").body,
        PAGES.gallery(listing(IMAGE), parse_target(f"/?q={XSS}&page=2").query).body,
    ]
    for body in pages:
        assert b"<script" not in body
        assert b"&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;$title" in body


def test_the_gallery_links_to_its_neighbours_and_keeps_the_state() -> None:
    asked = parse_target("/images/?view=plain&page=50&per_page=4&q=a").query
    body = PAGES.gallery(listing(IMAGE, total=800, number=50), asked).body.decode()
    shown = [number for number in range(1, 101) if f"page={number}&amp;per_page=4&amp;q=a" in body]
    assert shown == [1, 48, 49, 50, 51, 52, 100]
    assert body.count('aria-current="page"') == 1


@pytest.mark.parametrize("value", ["a\r\nb", "a\nb", "a\0b", "ж"])
def test_a_header_value_cannot_end_its_line(value: str) -> None:
    with pytest.raises(ValueError, match="header value"):
        header_lines({"X": value})
