"""Reading what a list request asks for."""

from __future__ import annotations

import pytest

from shoebox.domain.errors import BadRequest
from shoebox.domain.listing import Direction, Filter, PageNumber, Sort, SortField
from shoebox.web.listing import parse_filter, plain_query
from shoebox.web.mixins.pagination import Page, parse_page
from shoebox.web.mixins.sorting import parse_sort
from shoebox.web.target import Query, parse_target


def query(text: str) -> Query:
    return parse_target(f"/?{text}").query


def test_nothing_said_is_the_newest_eight() -> None:
    assert parse_sort(query("")) == Sort(field=SortField.AGE, direction=Direction.DESCENDING)
    assert parse_page(query(""), Sort(), Filter()) == Page(place=PageNumber(number=1), size=8)


def test_what_is_said_is_read() -> None:
    asked = query("page=3&per_page=100&sort_param=sort_name&sort_value=asc")
    assert parse_sort(asked) == Sort(field=SortField.NAME, direction=Direction.ASCENDING)
    assert parse_page(asked, Sort(), Filter()) == Page(place=PageNumber(number=3), size=100)


@pytest.mark.parametrize("value", ["0", "-1", "+1", "1.0", "1e3", "%D9%A1", "abc", "99999999999", "0x1"])
@pytest.mark.parametrize("name", ["page", "per_page"])
def test_a_number_that_cannot_be_read_is_named(name: str, value: str) -> None:
    with pytest.raises(BadRequest, match=name):
        parse_page(query(f"{name}={value}"), Sort(), Filter())


def test_a_page_holds_at_most_a_hundred() -> None:
    with pytest.raises(BadRequest, match="per_page"):
        parse_page(query("per_page=101"), Sort(), Filter())


@pytest.mark.parametrize("text", ["sort_param=age", "sort_param=SORT_AGE", "sort_value=up", "sort_value=ASC"])
def test_an_order_nobody_knows_is_named(text: str) -> None:
    with pytest.raises(BadRequest, match=text.partition("=")[0]):
        parse_sort(query(text))


def test_a_page_number_beside_a_cursor_is_refused() -> None:
    with pytest.raises(BadRequest, match="cursor"):
        parse_page(query("page=1&cursor=abc"), Sort(), Filter())


def test_a_search_is_folded_and_a_collection_is_not() -> None:
    assert parse_filter(query("q=STRASSE%20%C3%9F&collection=Trip_1")) == Filter(text="strasse ss", collection="Trip_1")


@pytest.mark.parametrize("text", ["collection=a%20b", "collection=api", "collection=" + "a" * 65, "q=" + "a" * 256])
def test_a_selection_that_cannot_be_is_refused(text: str) -> None:
    with pytest.raises(BadRequest, match=text.partition("=")[0]):
        parse_filter(query(text))


def test_links_repeat_the_state_and_nothing_else() -> None:
    asked = query("view=plain&page=2&q=%26a%3D%22&evil=1")
    assert plain_query(asked, page="3") == "view=plain&page=3&q=%26a%3D%22"
