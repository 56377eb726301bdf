"""What is refused, and how it is said."""

from __future__ import annotations

import pytest

from tests.client import Client, File, form
from tests.pictures import noise, picture

LIMIT = 20 * 1024 * 1024


def problem(answer: object, status: int, code: str) -> str:
    assert (answer.status, answer.type) == (status, "application/problem+json")  # type: ignore[attr-defined]
    told = answer.json  # type: ignore[attr-defined]
    assert set(told) == {"type", "title", "status", "detail", "code"}
    assert (told["status"], told["code"]) == (status, code)
    detail: str = told["detail"]
    return detail


def test_what_is_not_multipart_is_a_bad_request(client: Client) -> None:
    problem(client.post("/api/upload/", b"hello", {"Content-Type": "text/plain"}), 400, "bad_request")


def test_a_form_without_a_file_is_a_bad_request(client: Client) -> None:
    problem(client.upload_all([], fields={"a": "b"}), 400, "bad_request")


def test_an_empty_file_is_a_bad_request(client: Client) -> None:
    problem(client.upload("a.png", b""), 400, "bad_request")


def test_a_form_that_breaks_off_is_a_bad_request(client: Client) -> None:
    body, content_type = form([File(name="a.png", data=picture())])
    problem(client.post("/api/upload/", body[:-30], {"Content-Type": content_type}), 400, "bad_request")


def test_a_file_over_the_limit_is_refused_by_name_of_the_limit(client: Client) -> None:
    detail = problem(client.upload("a.png", bytes(LIMIT + 1)), 413, "file_too_large")
    assert "20 MiB" in detail or str(LIMIT) in detail


def test_a_raw_body_over_the_limit_is_refused(client: Client) -> None:
    problem(client.put("a.png", bytes(LIMIT + 1)), 413, "file_too_large")


def test_other_formats_are_refused_whatever_they_are_called(client: Client) -> None:
    detail = problem(client.upload("a.png", b"<svg xmlns='http://www.w3.org/2000/svg'/>"), 415, "unsupported_format")
    assert all(name in detail for name in ("JPEG", "PNG", "GIF", "WebP", "BMP", "TIFF", "AVIF"))


def test_a_truncated_picture_is_invalid(client: Client) -> None:
    data = noise(64, 64, form="JPEG")
    problem(client.upload("a.jpg", data[: len(data) // 2]), 422, "invalid_image")


def test_a_file_that_lies_about_its_format_is_stored_under_its_true_one(client: Client) -> None:
    image = client.upload("cat.png", picture(form="JPEG")).json
    assert image["filename"].endswith(".jpg")
    assert (image["file_type"], image["content_type"], image["original_name"]) == ("jpg", "image/jpeg", "cat.png")


def test_more_than_twenty_files_store_nothing(client: Client) -> None:
    before = client.list().json["total_items"]
    problem(client.upload_all([File(name=f"{n}.png", data=picture()) for n in range(21)]), 400, "too_many_files")
    assert client.list().json["total_items"] == before


def test_some_good_some_bad_is_207_with_both(client: Client) -> None:
    files = [File(name="a.png", data=picture()), File(name="b.png", data=b"text"), File(name="c.png", data=picture())]
    answer = client.upload_all(files)
    assert answer.status == 207
    assert [image["original_name"] for image in answer.json["images"]] == ["a.png", "c.png"]
    (error,) = answer.json["errors"]
    assert (error["original_name"], error["index"], error["status"], error["code"]) == (
        "b.png",
        1,
        415,
        "unsupported_format",
    )


def test_several_good_are_201(client: Client) -> None:
    answer = client.upload_all([File(name=f"{n}.png", data=picture()) for n in range(3)])
    assert answer.status == 201
    assert len(answer.json["images"]) == 3
    assert answer.json["errors"] == []


def test_twenty_files_of_the_full_size_pass(client: Client) -> None:
    # A BMP may carry rows of any length; this one is within a hair of the limit.
    size = 2640
    data = noise(size, size, form="BMP")
    assert LIMIT * 0.99 < len(data) <= LIMIT
    answer = client.upload_all([File(name=f"{n}.bmp", data=data) for n in range(20)])
    assert answer.status == 201
    for image in answer.json["images"]:
        client.delete(image["filename"])


@pytest.mark.parametrize("word", ["api", "health", "images-list", "3", "static", "not%20a%20word"])
def test_a_reserved_word_or_nonsense_is_no_collection(client: Client, word: str) -> None:
    name = word.replace("%20", " ")
    problem(client.upload("a.png", picture(), fields={"collection": name}), 400, "bad_request")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/api/images/", {"GET", "HEAD"}),
        ("POST", "/health", {"GET", "HEAD"}),
        ("PATCH", "/api/images/aaaaaaaaaaaa.jpg", {"GET", "HEAD", "DELETE"}),
        ("DELETE", "/upload/", {"GET", "HEAD", "POST"}),
        ("DELETE", "/images/", {"GET", "HEAD"}),
    ],
)
def test_a_known_path_with_a_wrong_method_says_what_is_allowed(
    client: Client, method: str, path: str, allowed: set[str]
) -> None:
    answer = client.request(method, path)
    problem(answer, 405, "method_not_allowed")
    assert allowed <= set(answer.headers["Allow"].replace(" ", "").split(","))


@pytest.mark.parametrize(
    "path", ["/api/nothing", "/api/images/aaaaaaaaaaaa.jpg", "/static/nothing.js", "/thumbs/320/aaaaaaaaaaaa.jpg"]
)
def test_an_unknown_path_is_not_found(client: Client, path: str) -> None:
    problem(client.get(path), 404, "not_found")


def test_a_browser_sees_errors_as_a_page(client: Client) -> None:
    answer = client.get("/no/such/page", headers={"Accept": "text/html,*/*;q=0.8"})
    assert (answer.status, answer.type) == (404, "text/html")


def test_a_page_of_another_site_may_not_upload_or_delete(client: Client) -> None:
    key = client.upload("a.png", picture()).json["filename"]
    foreign = {"Origin": "https://evil.example"}
    problem(client.upload("a.png", picture(), headers=foreign), 403, "forbidden")
    problem(client.delete(key, headers={"Sec-Fetch-Site": "cross-site"}), 403, "forbidden")
    assert client.delete(key, headers={"Origin": client.url}).status == 200


def test_at_the_shells_door_errors_are_one_line_of_text(client: Client) -> None:
    answer = client.upload("a.png", b"text", path="/")
    assert (answer.status, answer.type) == (415, "text/plain")
    assert answer.text.count("\n") == 1
