"""Paths and queries."""

from __future__ import annotations

import pytest

from shoebox.domain.errors import BadRequest
from shoebox.web.target import parse_target


def test_segments_are_decoded_after_they_were_separated() -> None:
    assert parse_target("/api/upload/a%2Fb%20c.png").segments == ("api", "upload", "a/b c.png")


def test_a_plus_is_a_blank_in_a_query_only() -> None:
    target = parse_target("/a+b?q=a+b")
    assert (target.segments, target.query.get("q")) == (("a+b",), "a b")


def test_unicode_is_understood_encoded_and_raw() -> None:
    raw = "/?q=" + "ж".encode().decode("latin-1")
    assert parse_target("/?q=%D0%B6").query.get("q") == parse_target(raw).query.get("q") == "ж"


def test_an_empty_parameter_counts_as_absent() -> None:
    assert parse_target("/?page=&q").query.get("page") is None


def test_a_parameter_that_is_asked_for_may_be_there_once_only() -> None:
    query = parse_target("/?page=1&page=2&other=1&other=2").query
    with pytest.raises(BadRequest, match="page"):
        query.get("page")


def test_a_url_brings_its_own_host() -> None:
    target = parse_target("http://other:81/images/?a=b")
    assert (target.authority, target.path, target.raw_query) == ("other:81", "/images/", "a=b")


@pytest.mark.parametrize(
    "text", ["", "images", "ftp://a/b", "/%", "/%0", "/%g0", "/%ff", "/\xff", "/%00", "/?q=%00", "/#a", "/?%ED%A0%80"]
)
def test_what_cannot_be_read_one_way_only_is_refused(text: str) -> None:
    with pytest.raises(BadRequest):
        parse_target(text)


def test_a_query_has_a_bounded_number_of_parameters() -> None:
    with pytest.raises(BadRequest, match="parameters"):
        parse_target("/?" + "&".join(f"a{number}=1" for number in range(65)))
