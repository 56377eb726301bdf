"""The other ways in, and the headers of what comes out."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from tests.client import Client, File
from tests.pictures import noise, picture

HOSTILE_NAMES = [
    "../../etc/passwd",
    "a\x00b.png",
    "a\r\nX-Evil: 1.png",
    "photo\u202egnp.exe",
    "x" * 10_000,
    "CON",
    "e\u0301.png",
    '"quoted".png',
]


def test_a_raw_body_is_stored_under_the_name_in_the_address(client: Client) -> None:
    answer = client.put("Пляж 1.png", picture())
    assert (answer.status, answer.json["original_name"]) == (201, "Пляж 1.png")


def test_a_shell_gets_one_link_a_line(client: Client) -> None:
    answer = client.upload_all([File(name="a.png", data=picture()), File(name="b.png", data=picture())], path="/")
    assert (answer.status, answer.type) == (201, "text/plain")
    links = answer.text.splitlines()
    assert answer.text.endswith("\n")
    assert [client.get(link.removeprefix(client.url)).status for link in links] == [200, 200]


def test_the_api_answers_links_where_text_is_wanted(client: Client) -> None:
    answer = client.upload("a.png", picture(), headers={"Accept": "text/plain"})
    assert answer.text.startswith(f"{client.url}/images/")
    assert client.put("a.png", picture(), headers={"Accept": "text/plain"}).text.startswith(f"{client.url}/images/")


def test_a_form_without_script_is_answered_by_a_page_with_the_picture(client: Client) -> None:
    answer = client.upload("<b>.png", picture(), path="/upload/", headers={"Accept": "text/html"})
    assert (answer.status, answer.type) == (201, "text/html")
    assert "/images/" in answer.text
    assert "<b>.png" not in answer.text


@pytest.mark.parametrize("name", HOSTILE_NAMES, ids=range(len(HOSTILE_NAMES)))
def test_a_hostile_name_is_kept_as_harmless_text(client: Client, name: str) -> None:
    image = client.upload(name, picture()).json
    kept = image["original_name"]
    assert 0 < len(kept) <= 255
    assert kept.isprintable()
    assert "/" not in kept
    download = client.get(f"{image['url']}?download=1")
    assert download.status == 200
    assert "X-Evil" not in download.headers
    assert download.headers["Content-Disposition"].startswith("attachment")


def test_a_file_says_what_it_is_and_may_be_kept_for_ever(client: Client) -> None:
    answer = client.get(client.upload("a.png", picture()).json["url"])
    assert answer.type == "image/png"
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer.headers["ETag"]


def test_an_unchanged_file_is_304_and_a_part_is_206(client: Client) -> None:
    data = noise(32, 32)
    url = client.upload("a.png", data).json["url"]
    tag = client.get(url).headers["ETag"]
    assert client.get(url, {"If-None-Match": tag}).status == 304
    part = client.get(url, {"Range": "bytes=10-19"})
    assert (part.status, part.body) == (206, data[10:20])
    assert part.headers["Content-Range"] == f"bytes 10-19/{len(data)}"
    assert client.get(url, {"Range": "bytes=-5"}).body == data[-5:]
    assert client.get(url, {"Range": "bytes=10-19", "If-Range": '"other"'}).status == 200
    beyond = client.get(url, {"Range": f"bytes={len(data)}-"})
    assert (beyond.status, beyond.json["code"]) == (416, "range_not_satisfiable")


def test_head_says_what_get_would(client: Client) -> None:
    image = client.upload("a.png", picture()).json
    for path in (
        "/",
        "/upload/",
        "/images/",
        "/health",
        "/api/images/",
        image["url"],
        f"/api/images/{image['filename']}",
    ):
        get, head = client.get(path), client.head(path)
        assert (head.status, head.body) == (get.status, b"")
        assert head.type == get.type


@pytest.mark.parametrize("width", [160, 320, 640, 1280])
def test_a_thumbnail_is_a_webp_no_wider_than_asked_and_never_enlarged(client: Client, width: int) -> None:
    key = client.upload("a.jpg", noise(700, 350, form="JPEG")).json["filename"]
    answer = client.get(f"/thumbs/{width}/{key}")
    assert (answer.status, answer.type) == (200, "image/webp")
    with Image.open(io.BytesIO(answer.body)) as thumbnail:
        expected = min(width, 700)
        assert thumbnail.size == (expected, round(expected / 2))
    again = client.get(f"/thumbs/{width}/{key}")
    assert again.body == answer.body
    assert again.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert client.get(f"/thumbs/{width}/{key}", {"If-None-Match": again.headers["ETag"]}).status == 304


def test_there_are_no_thumbnails_of_other_widths(client: Client) -> None:
    key = client.upload("a.png", picture()).json["filename"]
    assert client.get(f"/thumbs/321/{key}").status == 404


@pytest.mark.parametrize(
    ("path", "target"), [("/upload", "/upload/"), ("/images?page=2&q=a%20b", "/images/?page=2&q=a%20b")]
)
def test_an_address_without_its_slash_leads_on_and_keeps_its_query(client: Client, path: str, target: str) -> None:
    answer = client.get(path)
    if answer.status != 200:
        assert answer.status in {301, 302, 307, 308}
        assert answer.headers["Location"] == target


@pytest.mark.parametrize("path", ["/", "/upload/", "/images/", "/Summer-2026"])
def test_pages_are_served_under_a_strict_policy(client: Client, path: str) -> None:
    answer = client.get(path)
    assert (answer.status, answer.type) == (200, "text/html")
    policy = answer.headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"]
    assert client.url not in answer.text


def test_limits_are_told_to_the_pages(client: Client) -> None:
    limits = client.get("/api/limits").json
    assert (limits["max_file_size"], limits["max_files"]) == (20 * 1024 * 1024, 20)
    assert limits["public_url"] is None
    assert [each["name"] for each in limits["formats"]] == ["JPEG", "PNG", "GIF", "WebP", "BMP", "TIFF", "AVIF"]


def test_health_asks_database_and_storage(client: Client) -> None:
    answer = client.get("/health")
    assert answer.status == 200
    assert set(answer.json) == {"status", "timestamp", "environment", "version", "storage"}


def test_links_follow_the_host_the_visitor_used(client: Client) -> None:
    image = client.upload("a.png", picture(), headers={"Host": "pictures.example:8443"}).json
    assert image["absolute_url"] == f"http://pictures.example:8443{image['url']}"


def test_a_strangers_forwarded_host_is_not_believed(client: Client) -> None:
    lies = {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https"}
    assert client.upload("a.png", picture(), headers=lies).json["absolute_url"].startswith(client.url)


def test_the_same_picture_twice_is_two_pictures_and_deleting_one_leaves_the_other(client: Client) -> None:
    data = picture()
    first, second = (client.upload(name, data).json for name in ("a.png", "b.png"))
    assert first["filename"] != second["filename"]
    client.delete(first["filename"])
    assert client.get(first["url"]).status == 404
    assert client.get(second["url"]).body == data


def test_a_request_id_that_could_forge_a_line_is_replaced(client: Client) -> None:
    answer = client.get("/health", {"X-Request-ID": "short"})
    assert len(answer.request_id) == 32
    assert client.get("/health", {"X-Request-ID": 'x" status=200 forged="1'}).request_id.isalnum()
