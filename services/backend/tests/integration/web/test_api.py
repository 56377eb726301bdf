"""The API over a socket, on a Shoebox in memory."""

from __future__ import annotations

import re

import pytest

from services.backend.tests.fakes.application import LIMITS, World
from services.backend.tests.fakes.codec import BROKEN, picture
from shoebox.domain.image import Format
from tests.client import Client, File

CHROME = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"


def test_an_upload_is_listed_served_and_deleted(client: Client) -> None:
    image = client.upload("a b.png", picture(content=b"1")).json
    (listed,) = client.list().json["images"]
    assert listed == image | {"upload_date": image["upload_time"][:19].replace("T", " ")}
    assert client.get(f"/api/images/{image['filename']}").json == image
    assert client.get(image["url"]).body == picture(content=b"1")
    answer = client.delete(image["filename"])
    assert (answer.status, answer.json) == (200, {"message": f"File '{image['filename']}' deleted successfully."})
    assert client.get(image["url"]).status == client.get(image["thumbnail_url"]).status == 404
    assert client.delete(image["filename"]).status == 404


def test_the_location_names_the_image(client: Client) -> None:
    answer = client.upload("a.png", picture())
    assert answer.status == 201
    assert client.get(answer.headers["Location"]).body == picture()


def test_links_are_absolute_with_the_host_that_was_asked(client: Client) -> None:
    image = client.upload("a.png", picture(), headers={"Host": "pictures.example:81"}).json
    assert image["absolute_url"] == f"http://pictures.example:81/images/{image['filename']}"


def test_several_files_are_answered_one_by_one(client: Client) -> None:
    answer = client.upload_all(
        [File(name="a.png", data=picture()), File(name="../b.txt", data=b"text"), File(name="c.png", data=b"")]
    )
    assert answer.status == 207
    assert [image["original_name"] for image in answer.json["images"]] == ["a.png"]
    assert [(e["index"], e["original_name"], e["status"], e["code"]) for e in answer.json["errors"]] == [
        (1, "b.txt", 415, "unsupported_format"),
        (2, "c.png", 400, "bad_request"),
    ]


def test_several_good_files_are_201(client: Client) -> None:
    answer = client.upload_all([File(name=f"{n}.png", data=picture()) for n in range(LIMITS.max_files)])
    assert (answer.status, answer.json["errors"]) == (201, [])
    assert client.list().json["total_items"] == LIMITS.max_files


def test_of_too_many_files_none_is_stored(client: Client, world: World) -> None:
    answer = client.upload_all([File(name=f"{n}.png", data=picture()) for n in range(LIMITS.max_files + 1)])
    assert (answer.status, answer.json["code"]) == (400, "too_many_files")
    assert client.list().json["total_items"] == 0
    assert world.storage.open_stages == 0


@pytest.mark.parametrize(
    ("data", "status", "code"),
    [
        (b"", 400, "bad_request"),
        (b"text", 415, "unsupported_format"),
        (picture(content=BROKEN), 422, "invalid_image"),
        (picture(content=bytes(LIMITS.max_file_size)), 413, "file_too_large"),
    ],
)
def test_a_bad_file_is_refused_in_every_way_to_upload_it(client: Client, data: bytes, status: int, code: str) -> None:
    for answer in (client.upload("a.png", data), client.put("a.png", data)):
        assert (answer.status, answer.json["code"]) == (status, code)
    shell = client.upload("a.png", data, path="/")
    assert (shell.status, shell.type, shell.text.count("\n")) == (status, "text/plain", 1)


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"", "multipart/form-data; boundary=b"),
        (b"--b--\r\n", "multipart/form-data; boundary=b"),
        (b"{}", "application/json"),
        (
            b"--b\r\nContent-Disposition: form-data; name=file; filename=a.png\r\n\r\ncut",
            "multipart/form-data; boundary=b",
        ),
    ],
)
def test_what_is_no_form_with_a_file_is_a_bad_request(client: Client, body: bytes, content_type: str) -> None:
    answer = client.post("/api/upload/", body, {"Content-Type": content_type})
    assert (answer.status, answer.json["code"]) == (400, "bad_request")


def test_a_collection_comes_as_a_field_or_in_the_address(client: Client) -> None:
    field = client.upload("a.png", picture(), fields={"collection": "Trip_1"}).json
    query = client.request("PUT", "/api/upload/b.png?collection=Trip_1", body=picture()).json
    other = client.upload("c.png", picture(), fields={"collection": ""}).json
    assert (field["collection"], query["collection"], other["collection"]) == ("Trip_1", "Trip_1", None)
    assert client.list(collection="Trip_1").json["files"] == [query["filename"], field["filename"]]


@pytest.mark.parametrize("name", ["api", "a b", "../x", "é"])
def test_a_collection_that_cannot_be_one_is_refused(client: Client, name: str) -> None:
    assert client.upload("a.png", picture(), fields={"collection": name}).status == 400


def test_a_shell_gets_one_link_a_line(client: Client) -> None:
    answer = client.upload_all([File(name="a.png", data=picture()), File(name="b.png", data=picture())], path="/")
    assert answer.status == 201
    assert re.fullmatch(rf"(?:{client.url}/images/[A-Za-z0-9]{{12}}\.png\n){{2}}", answer.text)


def test_a_shell_is_told_which_file_failed(client: Client) -> None:
    answer = client.upload_all([File(name="a.png", data=picture()), File(name="b\n.txt", data=b"text")], path="/")
    assert answer.status == 207
    assert answer.text.splitlines()[1].startswith("error: b.txt: ")


def test_the_api_answers_links_where_text_is_wanted(client: Client) -> None:
    answer = client.upload("a.png", picture(), headers={"Accept": "text/plain"})
    assert (answer.type, answer.text.count("\n")) == ("text/plain", 1)


def test_pages_and_cursors_walk_the_same_way(client: Client) -> None:
    for number in range(7):
        client.upload(f"{number}.png", picture(content=bytes(number)))
    query: dict[str, str | int] = {"per_page": 3, "sort_param": "sort_size", "sort_value": "asc"}
    by_page = [client.list(**query, page=number).json for number in (1, 2, 3)]
    cursor = by_page[0]["next_cursor"]
    by_cursor = [by_page[0]]
    while cursor:
        by_cursor.append(client.list(**query, cursor=cursor).json)
        cursor = by_cursor[-1]["next_cursor"]
    assert by_cursor == by_page
    assert client.list(**query, cursor=by_page[2]["prev_cursor"]).json == by_page[1]
    assert [page["last_page"] for page in by_page] == [False, False, True]


def test_a_page_past_the_last_is_empty(client: Client) -> None:
    client.upload("a.png", picture())
    page = client.list(page=99).json
    assert (page["images"], page["page"], page["total_items"], page["last_page"]) == ([], 99, 1, True)


@pytest.mark.parametrize(
    "query", ["page=0", "per_page=101", "sort_param=x", "sort_value=x", "cursor=x", "page=1&page=2"]
)
def test_a_parameter_that_cannot_be_read_is_named(client: Client, query: str) -> None:
    answer = client.get(f"/api/images/?{query}")
    assert (answer.status, answer.json["code"]) == (400, "bad_request")
    assert query.partition("=")[0] in answer.json["detail"]


def test_a_list_that_did_not_change_is_not_sent_again(client: Client) -> None:
    client.upload("a.png", picture())
    etag = client.list().headers["ETag"]
    answer = client.get("/api/images/", {"If-None-Match": etag})
    assert (answer.status, answer.body, answer.headers["ETag"]) == (304, b"", etag)
    client.upload("b.png", picture())
    assert client.get("/api/images/", {"If-None-Match": etag}).status == 200


def test_limits_are_told(client: Client) -> None:
    limits = client.get("/api/limits").json
    assert (limits["max_file_size"], limits["max_files"], limits["max_pixels"]) == (1024 * 1024, 20, 50_000_000)
    assert {"name": "WebP", "extension": "webp", "content_type": "image/webp"} in limits["formats"]
    assert len(limits["formats"]) == len(Format)


def test_health_asks_the_database_and_the_storage(client: Client, world: World) -> None:
    healthy = client.get("/health")
    assert (healthy.status, healthy.json["status"]) == (200, "healthy")
    world.repository.away = True
    unhealthy = client.get("/health")
    assert (unhealthy.status, unhealthy.json["status"]) == (503, "unhealthy")
    assert healthy.json.keys() == unhealthy.json.keys()


def test_a_database_that_is_away_is_503_and_comes_back(client: Client, world: World) -> None:
    world.repository.away = True
    answer = client.list()
    assert (answer.status, answer.json["code"], answer.headers["Retry-After"]) == (503, "unavailable", "2")
    world.repository.away = False
    assert client.list().status == 200


def test_a_full_disk_is_507(client: Client, world: World) -> None:
    world.storage.full = True
    assert client.upload("a.png", picture()).status == client.put("a.png", picture()).status == 507


def test_a_fault_of_ours_is_500_without_a_word_about_it(client: Client, world: World) -> None:
    world.repository.page = lambda query: 1 / 0
    answer = client.list()
    assert (answer.status, answer.json["code"]) == (500, "internal_error")
    assert "division" not in answer.text
    assert client.get("/api/limits").status == 200


@pytest.mark.parametrize(
    "path", ["/", "/upload/", "/images/", "/api/images/", "/api/limits", "/health", "/static/css/base.css"]
)
def test_head_works_wherever_get_does(client: Client, path: str) -> None:
    head, get = client.head(path), client.get(path)
    assert (head.status, head.body) == (get.status, b"")
    assert head.headers["Content-Type"] == get.headers["Content-Type"]
    assert head.headers["Content-Length"] == str(len(get.body))


def test_a_wrong_method_is_told_the_right_ones(client: Client) -> None:
    answer = client.post("/api/images/", b"")
    assert (answer.status, answer.headers["Allow"]) == (405, "GET, HEAD, OPTIONS")
    options = client.request("OPTIONS", "/api/images/")
    assert (options.status, options.headers["Allow"]) == (204, "GET, HEAD, OPTIONS")


def test_a_request_keeps_a_harmless_id_and_gets_one_otherwise(client: Client) -> None:
    assert client.get("/health", {"X-Request-ID": "abc-DEF_123"}).request_id == "abc-DEF_123"
    for forged in ("short", "a" * 65, "with space 1234", "a=b;c=d;e=f"):
        assert re.fullmatch("[0-9a-f]{32}", client.get("/health", {"X-Request-ID": forged}).request_id)


def test_pages_of_other_sites_may_not_delete(client: Client) -> None:
    key = client.upload("a.png", picture()).json["filename"]
    answer = client.delete(key, {"Origin": "https://evil.example"})
    assert (answer.status, answer.json["code"]) == (403, "forbidden")
    assert client.delete(key, {"Origin": client.url}).status == 200


@pytest.mark.parametrize(
    ("path", "status"),
    [("/nothing/here", 404), ("/api", 400), ("/robots", 400), ("/docs", 400), ("/thumbs/200/a.png", 404)],
)
def test_an_address_nobody_has_is_refused(client: Client, path: str, status: int) -> None:
    assert client.get(path).status == status
    page = client.get(path, {"Accept": CHROME})
    assert (page.status, page.type) == (status, "text/html")
