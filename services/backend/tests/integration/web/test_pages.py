"""Pages, files and forms over a socket, as browsers meet them."""

from __future__ import annotations

import re

import pytest

from services.backend.tests.fakes.codec import picture
from shoebox.domain.image import Format
from tests.client import Client, File

CHROME = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"}


@pytest.mark.parametrize(
    "path", ["/", "/upload/", "/images/", "/images/?page=2&view=table", "/Holiday_2026", "/images/?view=plain"]
)
def test_pages_let_nothing_foreign_in(client: Client, path: str) -> None:
    answer = client.get(path, CHROME)
    assert (answer.status, answer.type) == (200, "text/html")
    policy = answer.headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "same-origin"


@pytest.mark.parametrize("path", ["/upload", "/images"])
def test_a_missing_slash_is_added_and_the_query_kept(client: Client, path: str) -> None:
    answer = client.get(f"{path}?page=2&q=a%20b")
    assert (answer.status, answer.headers["Location"]) == (308, f"{path}/?page=2&q=a%20b")
    assert client.request("PUT", path).status == 405


def test_a_picture_is_never_run_and_never_changes(client: Client) -> None:
    image = client.upload("evil.html", picture(Format.GIF)).json
    answer = client.get(image["url"])
    assert answer.headers["Content-Type"] == "image/gif"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert client.get(image["url"], {"If-None-Match": answer.headers["ETag"]}).status == 304


def test_a_part_of_a_picture_is_served(client: Client) -> None:
    url = client.upload("a.png", picture(content=b"0123456789")).json["url"]
    answer = client.get(url, {"Range": "bytes=8-11"})
    assert (answer.status, answer.body, answer.headers["Content-Range"]) == (206, b"0123", "bytes 8-11/18")
    outside = client.get(url, {"Range": "bytes=18-"})
    assert (outside.status, outside.headers["Content-Range"]) == (416, "bytes */18")
    assert outside.json["code"] == "range_not_satisfiable"


def test_a_download_has_its_original_name(client: Client) -> None:
    url = client.upload("Пляж.png", picture()).json["url"]
    answer = client.get(f"{url}?download=1")
    assert answer.body == picture()
    assert answer.headers["Content-Disposition"].endswith("filename*=UTF-8''%D0%9F%D0%BB%D1%8F%D0%B6.png")
    assert "Content-Disposition" not in client.get(url).headers


@pytest.mark.parametrize("width", [160, 320, 640, 1280])
def test_a_thumbnail_is_made_when_first_asked_for(client: Client, width: int) -> None:
    key = client.upload("a.png", picture()).json["filename"]
    first, again = (client.get(f"/thumbs/{width}/{key}") for _ in range(2))
    assert (first.status, first.headers["Content-Type"], first.body) == (200, "image/webp", again.body)


@pytest.mark.parametrize(
    "path", ["/thumbs/321/{}", "/thumbs/0320/{}", "/thumbs/%33%32%300/{}", "/thumbs/320/x{}", "/thumbs/-1/{}"]
)
def test_other_thumbnails_do_not_exist(client: Client, path: str) -> None:
    assert client.get(path.format(client.upload("a.png", picture()).json["filename"])).status == 404


def test_a_form_is_answered_by_a_page_with_the_links(client: Client) -> None:
    answer = client.upload("<i>.png", picture(), path="/upload/", headers=CHROME)
    assert (answer.status, answer.type) == (201, "text/html")
    assert f"{client.url}/images/" in answer.text
    assert "<i>.png" not in answer.text


def test_a_form_with_a_bad_file_is_answered_by_a_page_that_says_so(client: Client) -> None:
    one = client.upload("a.txt", b"text", path="/upload/", headers=CHROME)
    assert (one.status, one.type) == (415, "text/html")
    files = [File(name="a.png", data=picture()), File(name="a.txt", data=b"text")]
    two = client.upload_all(files, path="/upload/", headers=CHROME)
    assert two.status == 207
    assert "a.txt" in two.text


def test_a_form_left_empty_is_told_so(client: Client) -> None:
    empty = b'--b\r\nContent-Disposition: form-data; name="file"; filename=""\r\n\r\n\r\n--b--\r\n'
    answer = client.post("/upload/", empty, {"Content-Type": "multipart/form-data; boundary=b", **CHROME})
    assert answer.status == 400
    assert "no file" in answer.text


def test_without_script_one_can_page_and_delete(client: Client) -> None:
    for number in range(5):
        client.upload(f"{number}.png", picture())
    page = client.get("/images/?view=plain&per_page=4&page=2", CHROME).text
    action = re.search(r'action="(/delete/[^"]+)"', page)
    assert action is not None
    answer = client.post(action[1].replace("&amp;", "&"), b"", {"Origin": client.url, **CHROME})
    assert (answer.status, answer.headers["Location"]) == (303, "/images/?view=plain&page=2&per_page=4")
    gone = client.get(answer.headers["Location"], CHROME)
    assert (gone.status, gone.headers["Location"]) == (303, "/images/?view=plain&page=1&per_page=4")
    assert client.list().json["total_items"] == 4


def test_a_program_may_delete_by_post_too(client: Client) -> None:
    key = client.upload("a.png", picture()).json["filename"]
    assert client.post(f"/delete/{key}").json["status"] == "success"
    assert client.post(f"/delete/{key}").status == 404


@pytest.mark.parametrize(
    "path",
    [
        "/static/../index.html",
        "/static/..%2findex.html",
        "/static/.%2e/index.html",
        "/static/",
        "/static/css",
        "/static/%00",
    ],
)
def test_only_static_files_are_static(client: Client, path: str) -> None:
    assert client.get(path).status in {400, 404}


def test_scripts_have_the_type_modules_need(client: Client) -> None:
    assert client.get("/static/js/lib/dom.js").headers["Content-Type"] == "text/javascript; charset=utf-8"


def test_a_picture_shown_alone_has_an_icon(client: Client) -> None:
    assert client.get("/favicon.ico").headers["Content-Type"] == "image/x-icon"
