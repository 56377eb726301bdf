"""Resumable uploads, request by request."""

from __future__ import annotations

import hashlib
import socket
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import pytest

from services.backend.tests.fakes.application import LIMITS, World
from services.backend.tests.fakes.codec import picture
from services.backend.tests.integration.web.toy_worker import ToyWorker, serving
from shoebox.domain.errors import Unavailable
from shoebox.domain.listing import ListQuery
from shoebox.domain.partial import Partial
from shoebox.web.handler import make_handler
from shoebox.web.settings import WebSettings
from tests.client import Answer, Client

TUS: Final = {"Tus-Resumable": "1.0.0"}
PIECE: Final = TUS | {"Content-Type": "application/offset+octet-stream"}
DATA: Final = picture(content=b"of a lake in summer, with clouds")


def announce(client: Client, length: int = len(DATA), **headers: str) -> str:
    answer = client.post("/api/tus/", headers=TUS | {"Upload-Length": str(length)} | headers)
    assert answer.status == 201, answer.text
    return answer.headers["Location"]


def send(client: Client, place: str, offset: int, data: bytes, headers: Mapping[str, str] = PIECE) -> Answer:
    return client.request("PATCH", place, body=data, headers={**headers, "Upload-Offset": str(offset)})


def encoded(text: str) -> str:
    return b64encode(text.encode()).decode()


def test_the_server_says_what_it_speaks(client: Client) -> None:
    answer = client.request("OPTIONS", "/api/tus/")
    assert answer.status == 204
    assert answer.headers["Tus-Version"] == "1.0.0"
    assert set(answer.headers["Tus-Extension"].split(",")) == {
        "creation",
        "creation-with-upload",
        "termination",
        "expiration",
        "checksum",
    }
    assert answer.headers["Tus-Max-Size"] == str(LIMITS.max_file_size)
    assert "sha1" in answer.headers["Tus-Checksum-Algorithm"].split(",")


def test_pieces_become_a_picture_that_the_last_answer_names(client: Client) -> None:
    metadata = f"filename {encoded('Müll am See.png')},collection {encoded('lake')}"
    place = announce(client, **{"Upload-Metadata": metadata})
    first = send(client, place, 0, DATA[:10])
    assert (first.status, first.headers["Upload-Offset"]) == (204, "10")
    assert first.headers["Tus-Resumable"] == "1.0.0"
    assert first.headers["Upload-Expires"].endswith(" GMT")
    state = client.head(place, TUS)
    assert (state.status, state.headers["Upload-Offset"], state.headers["Upload-Length"]) == (200, "10", str(len(DATA)))
    assert state.headers["Upload-Metadata"] == metadata
    assert state.headers["Cache-Control"] == "no-store"
    last = send(client, place, 10, DATA[10:])
    assert (last.status, last.headers["Upload-Offset"]) == (204, str(len(DATA)))
    image = client.get(last.headers["Upload-Image"]).json
    assert (image["original_name"], image["collection"]) == ("Müll am See.png", "lake")
    assert client.get(image["url"]).body == DATA
    assert client.get(place).json["image"] == image


def test_a_picture_may_come_with_its_announcement(client: Client) -> None:
    answer = client.post("/api/tus/", DATA, PIECE | {"Upload-Length": str(len(DATA))})
    assert (answer.status, answer.headers["Upload-Offset"]) == (201, str(len(DATA)))
    assert client.get(answer.headers["Location"]).json["image"]["size"] == len(DATA)


def test_what_came_before_the_line_went_dead_is_kept(client: Client, worker: ToyWorker) -> None:
    place = announce(client)
    head = "".join(f"{name}: {value}\r\n" for name, value in PIECE.items())
    with socket.create_connection(worker.address) as line:
        line.sendall(f"PATCH {place} HTTP/1.1\r\nHost: a\r\n{head}Upload-Offset: 0\r\n".encode())
        line.sendall(f"Content-Length: {len(DATA)}\r\n\r\n".encode() + DATA[:20])
        line.shutdown(socket.SHUT_WR)
        assert b"400" in line.recv(100)
    assert client.head(place, TUS).headers["Upload-Offset"] == "20"
    assert send(client, place, 20, DATA[20:]).headers["Upload-Image"]


@pytest.mark.parametrize("offset", [0, 9, 11, len(DATA)])
def test_a_piece_for_another_place_is_refused(client: Client, offset: int) -> None:
    place = announce(client)
    send(client, place, 0, DATA[:10])
    answer = send(client, place, offset, b"x")
    assert (answer.status, answer.json["code"]) == (409, "conflict")
    assert client.head(place, TUS).headers["Upload-Offset"] == "10"


def test_more_than_was_announced_is_refused(client: Client) -> None:
    place = announce(client, 20)
    assert send(client, place, 0, DATA[:21]).status == 413
    assert client.head(place, TUS).headers["Upload-Offset"] == "0"


def test_a_file_over_the_limit_is_refused_before_it_is_sent(client: Client) -> None:
    answer = client.post("/api/tus/", headers=TUS | {"Upload-Length": str(LIMITS.max_file_size + 1)})
    assert (answer.status, answer.json["code"]) == (413, "file_too_large")
    assert answer.headers["Tus-Max-Size"] == str(LIMITS.max_file_size)
    assert answer.headers["Tus-Resumable"] == "1.0.0"


@pytest.mark.parametrize("version", [{}, {"Tus-Resumable": "0.2.2"}])
def test_other_versions_are_refused(client: Client, version: dict[str, str]) -> None:
    answer = client.post("/api/tus/", headers=version | {"Upload-Length": "10"})
    assert (answer.status, answer.headers["Tus-Version"]) == (412, "1.0.0")


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Upload-Length": "-1"},
        {"Upload-Length": "0"},
        {"Upload-Length": "ten"},
        {"Upload-Defer-Length": "1"},
        {"Upload-Length": "10", "Upload-Metadata": "filename ***"},
        {"Upload-Length": "10", "Upload-Metadata": "filename /w=="},
        {"Upload-Length": "10", "Upload-Metadata": "a YQ==,a Yg=="},
        {"Upload-Length": "10", "Upload-Metadata": f"collection {encoded('no/such')}"},
        {"Upload-Length": "10", "Upload-Metadata": "a YQ==\x1f"},
        {"Upload-Length": "10", "Upload-Checksum": "sha1"},
        {"Upload-Length": "10", "Upload-Checksum": "sha1 YQ=="},
        {"Upload-Length": "10", "Upload-Checksum": f"crc9 {'A' * 27}="},
    ],
)
def test_an_announcement_that_cannot_be_read_is_refused(client: Client, headers: dict[str, str]) -> None:
    assert client.post("/api/tus/", headers=TUS | headers).status == 400


def test_blanks_around_the_words_of_an_announcement_mean_nothing(client: Client) -> None:
    place = announce(client, **{"Upload-Metadata": f"filename {encoded('a.png')} ,\tcollection {encoded('lake')}"})
    answer = send(client, place, 0, DATA)
    assert client.get(answer.headers["Upload-Image"]).json["collection"] == "lake"


def test_a_piece_that_is_not_what_its_checksum_says_does_not_count(client: Client) -> None:
    place = announce(client)
    wrong = b64encode(hashlib.sha1(b"another", usedforsecurity=False).digest()).decode()
    answer = send(client, place, 0, DATA, PIECE | {"Upload-Checksum": f"sha1 {wrong}"})
    assert (answer.status, answer.json["code"]) == (460, "checksum_mismatch")
    assert client.head(place, TUS).headers["Upload-Offset"] == "0"
    for unreadable in (f"crc9 {wrong}", f"md5 {wrong}", "sha1 ***", ""):
        assert send(client, place, 0, DATA, PIECE | {"Upload-Checksum": unreadable}).status == 400
    right = b64encode(hashlib.sha256(DATA).digest()).decode()
    answer = send(client, place, 0, DATA, PIECE | {"Upload-Checksum": f"sha256 {right}"})
    assert answer.headers["Upload-Image"]


def test_an_upload_that_was_given_up_is_gone(client: Client) -> None:
    place = announce(client)
    assert client.request("DELETE", place, headers=TUS).status == 204
    assert client.head(place, TUS).status == 404
    assert send(client, place, 0, DATA).status == 404
    assert client.request("DELETE", place, headers=TUS).status == 404


def test_what_is_no_picture_is_refused_with_its_upload(client: Client, world: World) -> None:
    place = announce(client, 4)
    assert send(client, place, 0, b"text").status == 415
    assert client.head(place, TUS).status == 404
    assert world.repository.page(ListQuery()).total == 0


def test_a_picture_that_could_not_be_stored_is_stored_when_asked_for_again(client: Client, world: World) -> None:
    place = announce(client)
    world.repository.away = True
    assert send(client, place, 0, DATA).status == 503
    assert client.head(place, TUS).status == 503
    world.repository.away = False
    assert client.head(place, TUS).headers["Upload-Image"]
    assert world.repository.page(ListQuery()).total == 1


def test_a_picture_is_stored_once_though_its_key_was_never_written_down(
    client: Client, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = announce(client)
    keep = world.partials.save

    def crash(upload: Partial) -> None:
        if upload.key:
            raise Unavailable("Crashed.")
        keep(upload)

    monkeypatch.setattr(world.partials, "save", crash)
    assert send(client, place, 0, DATA).status == 503
    monkeypatch.undo()
    assert client.head(place, TUS).headers["Upload-Image"]
    assert world.repository.page(ListQuery()).total == 1


def test_a_client_that_can_only_post_says_what_it_means(client: Client) -> None:
    place = announce(client)
    answer = client.post(place, DATA, PIECE | {"X-HTTP-Method-Override": "PATCH", "Upload-Offset": "0"})
    assert (answer.status, answer.headers["Upload-Offset"]) == (204, str(len(DATA)))
    assert client.post(place, b"", TUS | {"X-HTTP-Method-Override": "DELETE"}).status == 204
    assert client.post(place, b"", TUS | {"X-HTTP-Method-Override": "TRACE"}).status == 400


def test_pieces_of_another_type_are_refused(client: Client) -> None:
    assert send(client, announce(client), 0, DATA, TUS).status == 415


def test_pages_of_welcome_sites_may_upload_in_pieces(world: World, settings: WebSettings) -> None:
    origin = "https://blog.example"
    asked = {"Origin": origin, "Access-Control-Request-Method": "PATCH"}
    with serving(make_handler(world.application(), replace(settings, cors_origins=(origin,)))) as worker:
        client = Client("http://{}:{}".format(*worker.address))
        place = announce(client, Origin=origin)
        flight = client.request("OPTIONS", place, headers=asked)
        assert "PATCH" in flight.headers["Access-Control-Allow-Methods"]
        for header in ("tus-resumable", "upload-offset", "upload-length", "upload-metadata", "upload-checksum"):
            assert header in flight.headers["Access-Control-Allow-Headers"].lower()
        answer = send(client, place, 0, DATA, PIECE | {"Origin": origin})
        assert {"Upload-Offset", "Upload-Image", "Location"} <= set(
            answer.headers["Access-Control-Expose-Headers"].split(", ")
        )
