"""The list: pages, sorts, cursors, filters, and what it answers to nonsense."""

from __future__ import annotations

import pytest

from tests.client import Client
from tests.pictures import noise, picture

NAMES = [
    "beta.png",
    "Alpha.png",
    "страница.png",
    "ÉCLAIR.png",
    "50%_off.png",
    "Straße.png",
    "alpha.png",
    "🏖️.png",
    "zz.png",
]
COLLECTION = "listing"


@pytest.fixture(scope="module")
def stocked(topology: object) -> Client:
    """A client of a store whose collection `listing` holds one picture for each name."""
    client = Client(topology.url)  # type: ignore[attr-defined]  # both topologies have one
    if not client.list(collection=COLLECTION).json["total_items"]:
        for number, name in enumerate(NAMES):
            data = noise(4 + number % 3, 4)
            assert client.upload(name, data, fields={"collection": COLLECTION}).status == 201
    return client


def listed(client: Client, **query: str | int) -> list[str]:
    return [image["original_name"] for image in client.list(collection=COLLECTION, **query).json["images"]]


def test_the_page_object_has_exactly_the_agreed_keys(stocked: Client) -> None:
    page = stocked.list(collection=COLLECTION, per_page=4).json
    assert set(page) == {
        *("files", "total_pages", "images", "page", "per_page", "total_items", "sort_param", "sort_value"),
        *("next_cursor", "prev_cursor", "last_page"),
    }
    assert (page["page"], page["per_page"], page["total_items"], page["total_pages"]) == (1, 4, 9, 3)
    assert (page["sort_param"], page["sort_value"], page["last_page"]) == ("sort_age", "desc", False)
    assert page["files"] == [image["filename"] for image in page["images"]]


def test_the_newest_comes_first_eight_a_page(stocked: Client) -> None:
    assert listed(stocked) == NAMES[::-1][:8]


def test_names_sort_without_case_in_code_point_order(stocked: Client) -> None:
    # Ties (Alpha, alpha) by id; then the folded names' code points.
    by_name = [
        "50%_off.png",
        "Alpha.png",
        "alpha.png",
        "beta.png",
        "Straße.png",
        "zz.png",
        "ÉCLAIR.png",
        "страница.png",
        "🏖️.png",
    ]
    assert listed(stocked, sort_param="sort_name", sort_value="asc", per_page=100) == by_name
    assert listed(stocked, sort_param="sort_name", sort_value="desc", per_page=100) == by_name[::-1]


@pytest.mark.parametrize("param", ["sort_age", "sort_size", "sort_name"])
@pytest.mark.parametrize("value", ["asc", "desc"])
def test_pages_and_cursors_show_everything_once_in_the_same_order(stocked: Client, param: str, value: str) -> None:
    whole = listed(stocked, sort_param=param, sort_value=value, per_page=100)
    by_page = [listed(stocked, sort_param=param, sort_value=value, per_page=4, page=page) for page in (1, 2, 3)]
    assert [name for names in by_page for name in names] == whole
    forwards, query = [], {}
    for _ in range(3):
        page = stocked.list(collection=COLLECTION, sort_param=param, sort_value=value, per_page=4, **query).json
        forwards.append([image["original_name"] for image in page["images"]])
        query = {"cursor": page["next_cursor"]}
    assert forwards == by_page
    assert page["next_cursor"] is None
    assert page["last_page"] is True
    back = stocked.list(
        collection=COLLECTION, sort_param=param, sort_value=value, per_page=4, cursor=page["prev_cursor"]
    )
    assert [image["original_name"] for image in back.json["images"]] == by_page[1]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("ALPHA", ["alpha.png", "Alpha.png"]),
        ("%_", ["50%_off.png"]),
        ("СТРАН", ["страница.png"]),
        ("STRASSE", ["Straße.png"]),
        ("nothing", []),
    ],
)
def test_search_ignores_case_and_takes_every_sign_literally(stocked: Client, text: str, found: list[str]) -> None:
    page = stocked.list(collection=COLLECTION, q=text).json
    assert [image["original_name"] for image in page["images"]] == found
    assert page["total_items"] == len(found)


def test_a_page_past_the_last_is_empty(stocked: Client) -> None:
    page = stocked.list(collection=COLLECTION, page=99).json
    assert (page["images"], page["total_items"], page["last_page"], page["next_cursor"]) == ([], 9, True, None)


def test_an_empty_selection_has_no_pages(stocked: Client) -> None:
    page = stocked.list(collection="nobody-uses-this").json
    assert (page["images"], page["total_pages"], page["last_page"]) == ([], 0, True)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("page", "0"),
        ("page", "-1"),
        ("page", "x"),
        ("page", "1.5"),
        ("page", "99999999999999999999"),
        ("page", "٣"),
        ("per_page", "0"),
        ("per_page", "101"),
        ("per_page", "many"),
        ("sort_param", "sort_colour"),
        ("sort_value", "up"),
        ("cursor", "rubbish"),
        ("collection", "not a word"),
    ],
)
def test_a_parameter_that_cannot_be_read_is_named(client: Client, name: str, value: str) -> None:
    answer = client.list(**{name: value})
    assert (answer.status, answer.type) == (400, "application/problem+json")
    assert answer.json["code"] == "bad_request"
    assert name in answer.json["detail"]


def test_an_empty_parameter_counts_as_absent(client: Client) -> None:
    answer = client.get("/api/images/?page=&per_page=&sort_param=&sort_value=&cursor=&collection=&q=")
    assert answer.status == 200
    assert answer.json["page"] == 1


def test_a_cursor_of_another_sort_or_beside_a_page_is_refused(stocked: Client) -> None:
    cursor = stocked.list(collection=COLLECTION, per_page=4).json["next_cursor"]
    assert stocked.list(collection=COLLECTION, per_page=4, cursor=cursor, sort_param="sort_size").status == 400
    assert stocked.list(collection=COLLECTION, per_page=4, cursor=cursor, page=2).status == 400


def test_an_unchanged_list_is_304(client: Client) -> None:
    client.upload("etag.png", picture())
    tag = client.list().headers["ETag"]
    again = client.get("/api/images/", headers={"If-None-Match": tag})
    assert (again.status, again.body) == (304, b"")
    client.upload("etag.png", picture())
    assert client.get("/api/images/", headers={"If-None-Match": tag}).status == 200
