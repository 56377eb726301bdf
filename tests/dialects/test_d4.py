"""D4's clients: pictures by the collection they belong to."""

from __future__ import annotations

import secrets

import pytest

from tests.client import Client
from tests.dialects.play import Curl, OldPage
from tests.dialects.store import filled
from tests.pictures import picture

STORED = {"success", "message", "image_id", "s3_url", "image_url", "delete_url", "uploaded_at"}
IMAGE = {"success", "image_id", "s3_url", "original_filename", "file_size", "content_type", "uploaded_at"}


@pytest.fixture
def collection() -> str:
    """A name that no other test uses."""
    return f"Trip_{secrets.token_hex(6)}-x"


def test_an_upload_into_a_collection_is_answered_with_its_addresses(client: Client, collection: str) -> None:
    data = picture()
    answer = client.upload("a.png", data, path=f"/upload/{collection}")
    assert answer.status == 201
    assert set(answer.json) == STORED
    assert (answer.json["success"], answer.json["image_id"]) == (True, collection)
    assert answer.json["s3_url"] == answer.json["image_url"]
    assert answer.json["uploaded_at"].endswith("Z")
    assert client.get(answer.json["image_url"].removeprefix(client.url)).body == data


@pytest.mark.parametrize("method", ["DELETE", "POST"])
def test_the_delete_url_deletes(client: Client, collection: str, method: str) -> None:
    stored = client.upload("a.png", picture(), path=f"/upload/{collection}").json
    path = stored["delete_url"].removeprefix(client.url)
    assert client.request(method, path).status == 200
    assert client.get(stored["image_url"].removeprefix(client.url)).status == 404
    assert client.request(method, path).status == 404


@pytest.mark.parametrize(("data", "status"), [(b"", 400), (b"text", 415)])
def test_a_bad_file_is_an_error(client: Client, collection: str, data: bytes, status: int) -> None:
    answer = client.upload("a.png", data, path=f"/upload/{collection}")
    assert (answer.status, set(answer.json)) == (status, {"error"})


@pytest.mark.parametrize("word", ["api", "images", "3"])
def test_a_reserved_word_is_no_collection(client: Client, word: str) -> None:
    answer = client.upload("a.png", picture(), path=f"/upload/{word}")
    assert (answer.status, set(answer.json)) == (400, {"error"})


def test_the_latest_of_a_collection(client: Client, collection: str) -> None:
    newest = filled(client, 3, collection=collection)[0]
    answer = client.get(f"/api/url/{collection}")
    assert answer.status == 200
    assert set(answer.json) == IMAGE
    assert answer.json["s3_url"] == f"{client.url}/images/{newest}"
    told = client.get(f"/api/images/{newest}").json
    assert (answer.json["image_id"], answer.json["original_filename"]) == (collection, told["original_name"])
    assert (answer.json["file_size"], answer.json["content_type"]) == (told["size"], "image/png")


def test_all_of_a_collection_newest_first(client: Client, collection: str) -> None:
    keys = filled(client, 3, collection=collection)
    answer = client.get(f"/api/images/{collection}")
    assert answer.status == 200
    assert set(answer.json) == {"success", "count", "images"}
    assert (answer.json["success"], answer.json["count"]) == (True, 3)
    assert [image["s3_url"].rpartition("/")[2] for image in answer.json["images"]] == keys
    assert all(set(image) == IMAGE for image in answer.json["images"])


@pytest.mark.parametrize("path", ["/api/url/", "/api/images/"])
def test_an_empty_collection_is_404_and_named(client: Client, collection: str, path: str) -> None:
    answer = client.get(f"{path}{collection}")
    assert (answer.status, set(answer.json)) == (404, {"error", "image_id"})
    assert answer.json["image_id"] == collection


def test_collections_are_case_sensitive(client: Client, collection: str) -> None:
    filled(client, 1, collection=collection)
    assert client.get(f"/api/url/{collection.upper()}").status == 404


def test_the_page_of_a_collection_uploads_into_it_and_lists_it(client: Client, collection: str) -> None:
    assert client.get(f"/{collection}").type == "text/html"
    keys = filled(client, 2, collection=collection)
    filled(client, 1)
    assert client.list(collection=collection).json["files"] == keys


# Played: vc8006/s3-upload, by its README and upload.html.

UPLOAD = """async collection => {
    const form = new FormData();
    form.append('file', chosen());
    const {ok, status, data} = await ask(`/upload/${collection}`, {method: 'POST', body: form});
    if (!ok || !data.success) return {status, message: data.error || 'Upload failed'};
    return {url: data.s3_url, width: await loads(data.s3_url)};
}"""


def test_the_calls_of_its_readme_by_curl(curl: Curl, collection: str) -> None:
    assert curl(f"/{collection}").type == "text/html"
    stored = curl("-F", "file=@photo.png", f"/upload/{collection}")
    assert (stored.status, set(stored.json)) == (201, STORED)
    latest = curl(f"/api/url/{collection}")
    assert (latest.status, set(latest.json)) == (200, IMAGE)
    assert (latest.json["s3_url"], latest.json["original_filename"]) == (stored.json["s3_url"], "photo.png")
    everything = curl(f"/api/images/{collection}")
    assert (everything.status, everything.json["count"]) == (200, 1)
    assert {"status", "timestamp", "environment"} <= set(curl("/health").json)
    assert curl("-o", "got.png", latest.json["s3_url"]).type == "image/png"
    assert curl("-X", "DELETE", stored.json["delete_url"]).status == 200
    gone = curl(f"/api/url/{collection}")
    assert (gone.status, set(gone.json), gone.json["image_id"]) == (404, {"error", "image_id"}, collection)


def test_what_its_readme_calls_errors_by_curl(curl: Curl, collection: str) -> None:
    for arguments, status in (
        (("-F", "note=no file", f"/upload/{collection}"), 400),
        (("-F", "file=@notes.txt", f"/upload/{collection}"), 415),
        (("-F", "file=@photo.png", "/upload/a%20b"), 400),
    ):
        answer = curl(*arguments)
        assert (answer.status, "error" in answer.json) == (status, True), arguments


def test_its_page_uploads_and_shows_what_is_refused(old_page: OldPage, collection: str) -> None:
    old_page.open(f"/{collection}")
    old_page.choose("a.png", picture(9, 5))
    told = old_page.run(UPLOAD, collection)
    assert told["width"] == 9
    old_page.choose("a.png", b"text")
    told = old_page.run(UPLOAD, collection)
    assert (told["status"], bool(told["message"])) == (415, True)
    assert old_page.run(UPLOAD, "images")["status"] == 400
