"""D1's clients: its README's calls, its pages' requests, its bookmarks."""

from __future__ import annotations

import pytest

from tests.client import Client
from tests.dialects.play import Curl, OldPage
from tests.dialects.store import add_alias, filled
from tests.pictures import picture
from tests.stack.embedded import Embedded
from tests.stack.stack import Stack

IMAGE = {
    *("id", "filename", "original_name", "url", "absolute_url", "thumbnail_url", "size", "width", "height"),
    *("file_type", "content_type", "upload_time", "sha256", "color", "collection"),
}


def test_a_list_is_items_with_a_pagination(client: Client) -> None:
    keys = filled(client, 12)
    answer = client.get("/api/upload/?page=1&per_page=5&order=desc")
    assert answer.status == 200
    assert set(answer.json) == {"items", "pagination"}
    assert [item["filename"] for item in answer.json["items"]] == keys[:5]
    assert all(set(item) == IMAGE for item in answer.json["items"])
    pagination = answer.json["pagination"]
    assert set(pagination) == {"page", "per_page", "total", "pages", "has_next", "has_previous"}
    total = pagination["total"]
    assert pagination == {
        "page": 1,
        "per_page": 5,
        "total": total,
        "pages": -(-total // 5),
        "has_next": True,
        "has_previous": False,
    }
    assert total >= 12


def test_without_a_word_ten_of_the_newest_are_listed(client: Client) -> None:
    keys = filled(client, 12)
    answer = client.get("/api/upload/").json
    assert [item["filename"] for item in answer["items"]] == keys[:10]
    assert answer["pagination"]["per_page"] == 10


def test_the_oldest_come_first_where_that_is_asked(client: Client) -> None:
    filled(client, 2)
    times = [item["upload_time"] for item in client.get("/api/upload/?order=asc").json["items"]]
    assert times == sorted(times)


def test_a_later_page_knows_of_those_before_it(client: Client) -> None:
    keys = filled(client, 4)
    answer = client.get("/api/upload/?page=2&per_page=2").json
    assert [item["filename"] for item in answer["items"]] == keys[2:4]
    assert answer["pagination"]["has_previous"] is True


def test_too_large_a_page_is_the_largest_there_is(client: Client) -> None:
    filled(client, 1)
    answer = client.get("/api/upload/?per_page=5000")
    assert (answer.status, answer.json["pagination"]["per_page"]) == (200, 100)


def test_an_empty_page_is_404(client: Client) -> None:
    answer = client.get("/api/upload/?page=999999")
    assert (answer.status, answer.json["code"]) == (404, "not_found")


@pytest.mark.parametrize("query", ["page=0", "page=x", "per_page=0", "order=up"])
def test_a_parameter_that_cannot_be_read_is_named(client: Client, query: str) -> None:
    answer = client.get(f"/api/upload/?{query}")
    assert answer.status == 400
    assert query.partition("=")[0] in answer.json["detail"]


def test_a_picture_is_looked_at_and_deleted_by_its_filename(client: Client) -> None:
    image = client.upload("a.png", picture()).json
    path = f"/api/upload/{image['filename']}"
    assert client.get(path).json == image
    answer = client.request("DELETE", path)
    assert (answer.status, answer.json) == (200, {"message": f"File '{image['filename']}' deleted successfully."})
    assert client.get(path).status == client.request("DELETE", path).status == 404


@pytest.mark.parametrize(
    ("bookmark", "page"),
    [
        ("/index.html", "/"),
        ("/upload.html", "/upload/"),
        ("/upload.html?tab=images", "/images/"),
        ("/upload.html?tab=images&deleted=1", "/images/"),
        ("/upload.html?tab=images&page=2&per_page=4&order=asc", "/images/?page=2&per_page=4&sort_value=asc"),
        ("/image_detail.html?filename=k3J9xQ2mVb7c.jpg", "/images/?image=k3J9xQ2mVb7c.jpg"),
        ("/image_detail.html", "/images/"),
    ],
)
def test_a_bookmark_leads_to_the_page_meant(client: Client, bookmark: str, page: str) -> None:
    answer = client.get(bookmark)
    assert (answer.status, answer.headers["Location"]) == (308, page)
    assert client.get(page).type == "text/html"


@pytest.mark.parametrize("path", ["/api/health", "/api/ready"])
def test_its_probes_are_answered(client: Client, path: str) -> None:
    assert (client.get(path).status, client.get(path).json["status"]) == (200, "healthy")


def test_an_imported_picture_keeps_its_old_address(client: Client, topology: Embedded | Stack) -> None:
    data = picture()
    image = client.upload("a.png", data).json
    for old_name in ("0f8fad5bd9cb469fa16570867728950e.png", "img_2024 (1).JPEG"):
        add_alias(topology, old_name, image["filename"])
        path = f"/images/{old_name.replace(' ', '%20')}"
        answer = client.get(path)
        assert (answer.status, answer.headers["Content-Type"], answer.body) == (200, "image/png", data)
        assert client.get(path, {"If-None-Match": answer.headers["ETag"]}).status == 304
    client.delete(image["filename"])
    assert client.get("/images/0f8fad5bd9cb469fa16570867728950e.png").status == 404


# Played: wspjoy2011/upload-server, by its README, upload.js and image_detail.js, which ask by axios.

UPLOAD = """async () => {
    const form = new FormData();
    form.append('file', chosen());
    const {ok, status, data} = await axios({method: 'post', url: `${location.origin}/api/upload/`, data: form});
    if (!ok) return {status, message: data.detail};
    return {filename: data.filename, width: await loads(`${location.origin}${data.url}`)};
}"""
LIST = """async ({page, perPage, order}) => {
    const {status, data} = await axios(
        {method: 'get', url: `${location.origin}/api/upload/?page=${page}&per_page=${perPage}&order=${order}`});
    if (status === 404) return {cards: [], total: 0, pages: 0};
    const {items, pagination: {total, pages}} = data;
    return {cards: items.map(({filename, url}) => ({filename, url})), total, pages};
}"""
DETAIL = """async filename => (await axios(
    {method: 'get', url: `${location.origin}/api/upload/${encodeURIComponent(filename)}`})).data"""
DELETE = """async filename => (await axios(
    {method: 'delete', url: `${location.origin}/api/upload/${encodeURIComponent(filename)}`})).status"""


def test_the_addresses_of_its_readme_by_curl(curl: Curl) -> None:
    stored = curl("-F", "file=@photo.png", "/api/upload/")
    assert (stored.status, set(stored.json)) == (201, IMAGE)
    key = stored.json["filename"]
    assert stored.json["url"] == f"/images/{key}"
    listed = curl("/api/upload/")
    assert (listed.status, listed.json["items"][0]["filename"]) == (200, key)
    assert curl(f"/api/upload/{key}").json == stored.json
    assert curl("-o", "got.png", f"/images/{key}").type == "image/png"
    assert curl("-X", "DELETE", f"/api/upload/{key}").status == 200
    assert curl(f"/api/upload/{key}").status == 404
    refused = curl("-F", "file=@notes.txt", "/api/upload/")
    assert (refused.status, "JPEG" in refused.json["detail"]) == (415, True)


def test_its_upload_page_gets_a_link_or_a_reason(old_page: OldPage) -> None:
    old_page.open("/upload.html?tab=upload")
    old_page.choose("a.png", picture(9, 5))
    assert old_page.run(UPLOAD)["width"] == 9
    old_page.choose("a.png", b"text")
    told = old_page.run(UPLOAD)
    assert (told["status"], bool(told["message"])) == (415, True)


def test_its_gallery_shows_cards_and_deletes_them(client: Client, old_page: OldPage) -> None:
    keys = filled(client, 5)
    old_page.open("/upload.html?tab=images&page=1&per_page=4&order=desc", "")
    asked = {"page": 1, "perPage": 4, "order": "desc"}
    told = old_page.run(LIST, asked)
    assert [card["filename"] for card in told["cards"]] == keys[:4]
    assert all(card["url"] == f"/images/{card['filename']}" for card in told["cards"])
    assert told["pages"] == -(-told["total"] // 4)
    assert old_page.run(LIST, asked | {"page": 10**6}) == {"cards": [], "total": 0, "pages": 0}
    assert old_page.run(DELETE, keys[0]) == 200
    assert old_page.run(DELETE, keys[0]) == 404
    assert old_page.run(LIST, asked)["cards"][0]["filename"] == keys[1]


def test_its_detail_page_reads_a_picture(client: Client, old_page: OldPage) -> None:
    image = client.upload("Beach day.png", picture()).json
    old_page.open(f"/image_detail.html?filename={image['filename']}", "")
    told = old_page.run(DETAIL, image["filename"])
    for name in ("id", "filename", "original_name", "size", "file_type", "upload_time", "url"):
        assert told[name] == image[name]
    assert old_page.run("async time => isNaN(new Date(time))", told["upload_time"]) is False
    assert old_page.run(DETAIL, "nothing.png")["status"] == 404


def test_its_addresses_lead_a_visitor_to_our_pages(topology: Embedded | Stack, old_page: OldPage) -> None:
    old_page.page.goto(f"{topology.url}/upload.html?tab=images&page=1&per_page=4&order=asc")
    assert old_page.page.url.startswith(f"{topology.url}/images/?")
    assert {"page=1", "per_page=4", "sort_value=asc"} <= set(old_page.page.url.partition("?")[2].split("&"))
    old_page.page.goto(f"{topology.url}/upload.html?tab=images&deleted=1")
    assert old_page.page.url.startswith(f"{topology.url}/images/")
