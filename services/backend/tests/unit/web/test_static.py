"""Files as answers."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from services.backend.tests.unit.web.requests import make_request
from shoebox.domain.errors import NotFound
from shoebox.web.errors import RangeNotSatisfiable
from shoebox.web.response import Response
from shoebox.web.static import download_line, file_response, open_below, static_response, type_of

MODIFIED = 1_700_000_000  # Tue, 14 Nov 2023 22:13:20 GMT
CONTENT = b"0123456789"
ETAG = '"6553f100-a"'


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "file.txt"
    path.write_bytes(CONTENT)
    os.utime(path, (MODIFIED, MODIFIED))
    return path


def ask(path: Path, method: str = "GET", **fields: str) -> Response:
    return file_response(make_request(method, **fields), path.open("rb"), b"", tag="x")


def part(response: Response) -> bytes:
    assert response.file is not None
    with response.file.file as file:
        file.seek(response.file.offset)
        return file.read(response.file.length)


def test_validators_have_the_form_of_nginx(path: Path) -> None:
    response = ask(path)
    assert (response.status, response.etag, part(response)) == (200, ETAG, CONTENT)
    assert b"Last-Modified: Tue, 14 Nov 2023 22:13:20 GMT\r\n" in response.headers


@pytest.mark.parametrize(
    "fields",
    [
        {"if_none_match": ETAG},
        {"if_none_match": f'"other", W/{ETAG}'},
        {"if_none_match": "*"},
        {"if_modified_since": "Tue, 14 Nov 2023 22:13:20 GMT"},
        {"if_modified_since": "Wed, 15 Nov 2023 22:13:20 GMT"},
    ],
)
def test_what_the_client_has_is_not_sent_again(path: Path, fields: dict[str, str]) -> None:
    assert (ask(path, **fields).status, ask(path, **fields).etag) == (304, ETAG)


@pytest.mark.parametrize(
    "fields",
    [
        {"if_none_match": '"other"'},
        {"if_none_match": '"other"', "if_modified_since": "Wed, 15 Nov 2023 22:13:20 GMT"},
        {"if_modified_since": "Mon, 13 Nov 2023 22:13:20 GMT"},
        {"if_modified_since": "yesterday"},
    ],
)
def test_what_changed_is_sent(path: Path, fields: dict[str, str]) -> None:
    assert part(ask(path, **fields)) == CONTENT


@pytest.mark.parametrize(
    ("asked", "content", "told"),
    [
        ("bytes=0-0", b"0", b"bytes 0-0/10"),
        ("bytes=2-4", b"234", b"bytes 2-4/10"),
        ("bytes=7-", b"789", b"bytes 7-9/10"),
        ("bytes=7-99", b"789", b"bytes 7-9/10"),
        ("bytes=-3", b"789", b"bytes 7-9/10"),
        ("bytes=-99", CONTENT, b"bytes 0-9/10"),
        ("BYTES=1-1", b"1", b"bytes 1-1/10"),
    ],
)
def test_a_range_is_cut_out(path: Path, asked: str, content: bytes, told: bytes) -> None:
    response = ask(path, range=asked)
    assert (response.status, part(response)) == (206, content)
    assert b"Content-Range: " + told + b"\r\n" in response.headers


@pytest.mark.parametrize("asked", ["bytes=10-", "bytes=-0", "bytes=99-100"])
def test_a_range_outside_is_refused_with_the_size(path: Path, asked: str) -> None:
    with pytest.raises(RangeNotSatisfiable) as caught:
        ask(path, range=asked)
    assert caught.value.size == len(CONTENT)


@pytest.mark.parametrize("asked", ["bytes=0-1,3-4", "bytes=4-2", "bytes=", "bytes=a-b", "lines=1-2", "bytes=-"])
def test_a_range_that_means_nothing_is_ignored(path: Path, asked: str) -> None:
    response = ask(path, range=asked)
    assert (response.status, part(response)) == (200, CONTENT)


def test_a_range_of_a_head_request_is_ignored(path: Path) -> None:
    assert ask(path, "HEAD", range="bytes=2-4").status == 200


@pytest.mark.parametrize(
    ("validator", "status"),
    [
        (ETAG, 206),
        ('"other"', 200),
        (f"W/{ETAG}", 200),
        ("Tue, 14 Nov 2023 22:13:20 GMT", 206),
        ("Wed, 15 Nov 2023 22:13:20 GMT", 200),
    ],
)
def test_a_range_of_another_version_is_not_given(path: Path, validator: str, status: int) -> None:
    response = ask(path, range="bytes=2-4", if_range=validator)
    assert response.status == status
    part(response)


@pytest.mark.parametrize(
    "path",
    ["../secret", "a/../../secret", "..", ".hidden", "js/.hidden", "", "/etc/passwd", "a//b", "a\\b", "js", "x\0"],
)
def test_nothing_but_visible_files_below_the_folder_is_opened(tmp_path: Path, path: str) -> None:
    root = tmp_path / "static"
    (root / "js").mkdir(parents=True)
    for place in ("static/.hidden", "static/js/.hidden", "secret"):
        (tmp_path / place).write_text("secret")
    with pytest.raises(NotFound):
        open_below(root, path)


def test_a_name_no_file_system_takes_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        open_below(tmp_path, "a" * 5000)


def test_a_versioned_file_is_cached_for_ever_and_others_are_asked_about(path: Path) -> None:
    plain = static_response(make_request(target="/static/file.txt"), path.parent, "file.txt")
    versioned = static_response(make_request(target="/static/file.txt?v=1"), path.parent, "file.txt")
    assert b"Cache-Control: no-cache\r\n" in plain.headers
    assert b"immutable" in versioned.headers
    part(plain)
    part(versioned)


@pytest.mark.parametrize(
    ("name", "expected"),
    [("a.js", "text/javascript; charset=utf-8"), ("a.SVG", "image/svg+xml"), ("a.exe", "application/octet-stream")],
)
def test_types_come_from_our_table(name: str, expected: str) -> None:
    assert type_of(name) == expected


def test_a_download_is_saved_under_any_name_safely() -> None:
    line = download_line('Пляж "1";\\.jpg').decode()
    assert line == (
        'Content-Disposition: attachment; filename="____ _1_;_.jpg"; '
        "filename*=UTF-8''%D0%9F%D0%BB%D1%8F%D0%B6%20%221%22%3B%5C.jpg\r\n"
    )
