"""D2's clients: its README's calls and its page's requests."""

from __future__ import annotations

import pytest

from tests.client import Client, File
from tests.dialects.play import Curl, OldPage
from tests.dialects.store import filled
from tests.pictures import noise, picture

IMAGE = {"id", "filename", "original_name", "size_kb", "upload_time", "file_type", "url"}


def error(answer: object, status: int) -> str:
    assert (answer.status, answer.type) == (status, "application/json")  # type: ignore[attr-defined]
    told = answer.json  # type: ignore[attr-defined]
    assert set(told) == {"status", "message"}
    assert told["status"] == "error"
    message: str = told["message"]
    return message


def test_an_upload_is_answered_with_its_address(client: Client) -> None:
    data = picture()
    answer = client.upload("a.png", data, path="/upload")
    assert answer.status == 201
    assert set(answer.json) == {"status", "url"}
    assert answer.json["status"] == "success"
    assert answer.json["url"].startswith(f"{client.url}/images/")
    assert client.get(answer.json["url"].removeprefix(client.url)).body == data


@pytest.mark.parametrize(("data", "status"), [(b"", 400), (b"text", 415), (noise(64, 64)[:2000], 422)])
def test_a_bad_file_is_an_error_with_a_message(client: Client, data: bytes, status: int) -> None:
    assert error(client.upload("a.png", data, path="/upload"), status)


def test_what_is_no_form_is_an_error_with_a_message(client: Client) -> None:
    error(client.post("/upload", b"{}", {"Content-Type": "application/json"}), 400)
    error(client.upload_all([], path="/upload", fields={"a": "b"}), 400)


def test_of_several_files_none_is_stored(client: Client) -> None:
    before = client.list().json["total_items"]
    error(client.upload_all([File(name=f"{n}.png", data=picture()) for n in range(2)], path="/upload"), 400)
    assert client.list().json["total_items"] == before


def test_the_list_has_ten_a_page(client: Client) -> None:
    keys = filled(client, 12)
    answer = client.get("/images-list?page=1")
    assert answer.status == 200
    assert {"status", "page", "pagination", "data"} <= set(answer.json)
    assert (answer.json["status"], answer.json["page"]) == ("success", 1)
    assert [image["filename"] for image in answer.json["data"]] == keys[:10]
    assert all(set(image) == IMAGE for image in answer.json["data"])
    pagination = answer.json["pagination"]
    assert pagination["total_pages"] == -(-pagination["total_items"] // 10)
    assert client.get("/images-list?page=2").json["data"][0]["filename"] == keys[10]


def test_its_own_page_finds_what_it_reads(client: Client) -> None:
    filled(client, 11)
    answer = client.get("/images-list").json
    pagination = answer["pagination"]
    assert answer["images"] == answer["data"]
    assert {"current_page", "per_page", "total", "has_prev", "has_next"} <= set(pagination)
    assert (pagination["current_page"], pagination["per_page"]) == (1, 10)
    assert (pagination["has_prev"], pagination["has_next"]) == (False, True)
    assert pagination["total"] == pagination["total_items"]


def test_sizes_are_whole_kilobytes_rounded_up(client: Client) -> None:
    size = client.upload("a.png", noise(50, 50)).json["size"]
    image = client.get("/images-list").json["data"][0]
    assert image["size_kb"] == -(-size // 1024)
    assert (image["original_name"], image["file_type"]) == ("a.png", "png")
    assert client.get(image["url"]).status == 200


def test_a_page_past_the_last_is_empty(client: Client) -> None:
    answer = client.get("/images-list?page=999999")
    assert (answer.status, answer.json["data"], answer.json["pagination"]["has_next"]) == (200, [], False)


@pytest.mark.parametrize("page", ["0", "-1", "x"])
def test_a_page_that_cannot_be_is_an_error_with_a_message(client: Client, page: str) -> None:
    assert "page" in error(client.get(f"/images-list?page={page}"), 400)


@pytest.mark.parametrize("path", ["/delete/", "/api/delete/"])
@pytest.mark.parametrize("name", ["id", "filename"])
def test_a_picture_is_deleted_by_number_or_filename(client: Client, path: str, name: str) -> None:
    image = client.upload("a.png", picture()).json
    answer = client.request("DELETE", f"{path}{image[name]}")
    assert (answer.status, answer.json) == (200, {"status": "success", "message": "Image deleted successfully."})
    assert client.get(image["url"]).status == 404
    error(client.request("DELETE", f"{path}{image[name]}"), 404)


@pytest.mark.parametrize("name", ["999999999", "9" * 40, "nothing.png", "nothing"])
def test_what_is_not_there_cannot_be_deleted(client: Client, name: str) -> None:
    error(client.request("DELETE", f"/delete/{name}"), 404)


def test_a_wrong_method_is_told_in_its_words(client: Client) -> None:
    answer = client.get("/delete/1")
    error(answer, 405)
    assert "DELETE" in answer.headers["Allow"]


# Played: maratdanyarov/javarush_image_hosting, by its README and script.js, and the page of the same
# exercise that shows the list page by page (`images`, `pagination.has_prev` and so on).

UPLOAD = """async () => {
    const form = new FormData();
    form.append('file', chosen());
    const {ok, status, type, data} = await ask('/upload', {method: 'POST', body: form});
    if (!type.includes('application/json')) return {status, broken: type};
    if (!ok || data.status !== 'success') return {status, message: data.message};
    return {url: data.url, width: await loads(data.url)};
}"""
TOO_LARGE = """async bytes => {
    const form = new FormData();
    form.append('file', new File([new Uint8Array(bytes)], 'large.png', {type: 'image/png'}));
    const {status, type, data} = await ask('/upload', {method: 'POST', body: form});
    return {status, type, told: data.status};
}"""
LIST = """async page => {
    const {data} = await ask(`/images-list?page=${page}`);
    const {has_prev: previous, current_page: current, total_pages: pages, has_next: next} = data.pagination;
    return {rows: data.images.map(image => [image.id, image.original_name, `/images/${image.filename}`]),
            previous, current, pages, next};
}"""
DELETE = "async id => (await ask(`/delete/${parseInt(id, 10)}`, {method: 'DELETE'})).ok"


def test_the_calls_of_its_readme_by_curl(client: Client, curl: Curl) -> None:
    stored = curl("-F", "file=@photo.png;type=image/png", "/upload")
    assert (stored.status, stored.type, stored.json["status"]) == (201, "application/json", "success")
    assert curl("-o", "got.png", stored.json["url"]).type == "image/png"
    listed = curl("/images-list?page=1").json
    assert (listed["status"], listed["page"]) == ("success", 1)
    assert {"total_pages", "total_items"} <= set(listed["pagination"])
    newest = listed["data"][0]
    assert stored.json["url"] == f"{client.url}{newest['url']}"
    deleted = curl("-X", "DELETE", f"/delete/{newest['id']}")
    assert (deleted.status, deleted.json) == (200, {"status": "success", "message": "Image deleted successfully."})
    again = curl("-X", "DELETE", f"/delete/{newest['id']}")
    assert (again.status, again.json["status"]) == (404, "error")
    refused = curl("-F", "file=@notes.txt", "/upload")
    assert (refused.status, refused.json["status"]) == (415, "error")


def test_its_page_uploads_and_shows_what_is_refused(old_page: OldPage) -> None:
    old_page.open("/")
    old_page.choose("a.png", picture(9, 5))
    told = old_page.run(UPLOAD)
    assert told["width"] == 9
    old_page.choose("a.png", b"text")
    told = old_page.run(UPLOAD)
    assert (told["status"], bool(told["message"])) == (415, True)
    assert old_page.run(TOO_LARGE, 20 * 1024 * 1024 + 1) == {
        "status": 413,
        "type": "application/json",
        "told": "error",
    }


def test_its_page_turns_the_pages_of_the_list_and_deletes(client: Client, old_page: OldPage) -> None:
    keys = filled(client, 11)
    old_page.open("/", "")
    first = old_page.run(LIST, 1)
    assert [row[2] for row in first["rows"]] == [f"/images/{key}" for key in keys[:10]]
    assert (first["previous"], first["current"], first["next"]) == (False, 1, True)
    second = old_page.run(LIST, 2)
    assert (second["rows"][0][2], second["previous"]) == (f"/images/{keys[10]}", True)
    assert old_page.run(LIST, first["pages"])["next"] is False
    assert old_page.run(DELETE, first["rows"][0][0]) is True
    assert old_page.run(LIST, 1)["rows"][0][2] == f"/images/{keys[1]}"
    assert old_page.run(DELETE, first["rows"][0][0]) is False
