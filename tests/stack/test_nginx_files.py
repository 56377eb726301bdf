"""What Nginx gives by itself, pages and pictures, and what it lets through to the workers."""

from __future__ import annotations

import re

import pytest

from shoebox.domain.names import RESERVED
from shoebox.web.static import PAGE
from tests.stack.answers import is_problem, put_picture, reached_worker
from tests.stack.checkout import CHECKOUT
from tests.stack.conftest import Front

KEY = "k3J9xQ2mVb7c.jpg"

# Pages


@pytest.mark.parametrize("path", ["/", "/upload/", "/images/", "/images/?page=2", "/Holiday_2026-x"])
def test_pages_come_from_nginx_with_the_headers_the_workers_send(front: Front, path: str) -> None:
    answer = front.client.get(path)
    assert answer.text.startswith("<!doctype html>")
    for line in PAGE.decode().strip().split("\r\n"):
        name, _, value = line.partition(": ")
        assert answer.headers[name] == value
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("word", sorted(RESERVED))
def test_a_reserved_word_is_no_collection(front: Front, word: str) -> None:
    assert reached_worker(front.client.get(f"/{word}"))


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/"),
        ("POST", "/upload"),
        ("POST", "/upload/"),
        ("POST", "/Holiday"),
        ("DELETE", "/images/"),
        ("PUT", "/static/css/base.css"),
        ("GET", "/upload"),
        ("GET", "/images"),
        ("GET", "/images/?view=plain"),
        ("GET", "/health"),
        ("GET", "/docs/"),
        ("GET", "/tools/shoebox.sh"),
        ("GET", "/api/openapi.json"),
        ("GET", "/index.html"),
        ("GET", "/upload.html?tab=images"),
        ("GET", "/images-list?page=2"),
        ("GET", "/images/old_name-1.JPEG"),
        ("POST", "/upload/Holiday"),
        ("DELETE", "/delete/12"),
        ("POST", "/3/image"),
        ("DELETE", "/3/image/k3J9xQ2mVb7c.jpg"),
        ("GET", "/static/nothing.css"),
        ("GET", "/static/../index.html"),
        ("GET", "/static/%2e%2e/index.html"),
        ("GET", "/static/css/.hidden"),
        ("GET", "/templates/layout.html"),
    ],
)
def test_everything_else_is_the_workers_to_answer(front: Front, method: str, path: str) -> None:
    answer = front.client.request(method, path)
    assert reached_worker(answer)
    assert answer.json["path"] == path


def test_static_files_are_compressed_and_asked_about_again(front: Front) -> None:
    answer = front.client.get("/static/css/base.css", {"Accept-Encoding": "gzip"})
    assert answer.headers["Content-Encoding"] == "gzip"
    assert answer.headers["Cache-Control"] == "no-cache"
    again = front.client.get("/static/css/base.css", {"If-None-Match": answer.headers["ETag"]})
    assert again.status == 304


# Pictures


def test_a_picture_comes_from_nginx_safe_and_cacheable_for_ever(front: Front) -> None:
    put_picture(front, KEY, b"bytes of a picture")
    answer = front.client.get(f"/images/{KEY}")
    assert answer.body == b"bytes of a picture"
    assert answer.headers["Content-Type"] == "image/jpeg"
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert front.client.get(f"/images/{KEY}", {"If-None-Match": answer.headers["ETag"]}).status == 304
    assert front.client.get(f"/images/{KEY}", {"Range": "bytes=0-4"}).body == b"bytes"


def test_a_thumbnail_is_webp_whatever_the_picture_is(front: Front) -> None:
    put_picture(front, KEY, b"a thumbnail", folder="thumbs/320")
    answer = front.client.get(f"/thumbs/320/{KEY}")
    assert (answer.body, answer.headers["Content-Type"]) == (b"a thumbnail", "image/webp")


def test_a_deleted_picture_is_gone_at_once(front: Front) -> None:
    path = put_picture(front, "goneSoon1234.png", b"now")
    with front.client.keep_alive() as client:
        for _ in range(100):
            assert client.get("/images/goneSoon1234.png").body == b"now"
        path.unlink()
        assert reached_worker(client.get("/images/goneSoon1234.png"))


@pytest.mark.parametrize(
    "path",
    [
        f"/images/{KEY}?download=1",
        "/images/notThere1234.jpg",
        "/images/nt/notThere.jpg",
        "/images/..%2fsecret.jpg",
        f"/images/{KEY}.svg",
        "/images/page.html",
        f"/thumbs/321/{KEY}",
        f"/thumbs/640/{KEY}",
    ],
)
def test_what_is_no_file_of_ours_is_the_workers_to_answer(front: Front, path: str) -> None:
    put_picture(front, KEY, b"bytes of a picture")
    assert reached_worker(front.client.get(path))


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_only_reading_a_picture_is_answered_by_nginx(front: Front, method: str) -> None:
    put_picture(front, KEY, b"bytes of a picture")
    answer = front.client.request(method, f"/images/{KEY}", body=b"a body")
    assert reached_worker(answer)
    assert (answer.json["method"], answer.json["size"]) == (method, 6)


def test_a_range_outside_the_picture_is_a_problem(front: Front) -> None:
    put_picture(front, KEY, b"bytes of a picture")
    answer = front.client.get(f"/images/{KEY}", {"Range": "bytes=100-"})
    assert is_problem(answer, 416, "range_not_satisfiable")
    assert answer.headers["Content-Range"] == "bytes */18"


def test_the_pictures_folder_and_the_pages_are_all_that_is_served() -> None:
    template = (CHECKOUT / "services" / "nginx" / "nginx.conf.template").read_text()
    assert re.findall(r'root "([^"]+)"', template) == ["@FRONTEND_DIR@"]
    assert re.findall(r'alias "([^"]+)"', template) == [
        "@IMAGES_DIR@$unless_file/images/$shard/$key",
        "@IMAGES_DIR@$unless_file/thumbs/$width/$shard/$key",
    ]
    assert "autoindex" not in template
    assert "open_file_cache " not in template
