"""Imgur's clients, pointed here instead."""

from __future__ import annotations

import base64
import io
from urllib.parse import urlencode

import pytest
from PIL import Image

from tests.client import Client, form
from tests.pictures import noise, picture

URLENCODED = {"Content-Type": "application/x-www-form-urlencoded", "Authorization": "Client-ID 546c25a59c58ad7"}


def stored(client: Client, answer: object, data: bytes) -> str:
    assert answer.status == 200  # type: ignore[attr-defined]
    told = answer.json  # type: ignore[attr-defined]
    assert set(told) == {"data", "success", "status"}
    assert (told["success"], told["status"]) == (True, 200)
    image = told["data"]
    assert {"id", "deletehash", "link", "type", "width", "height", "size", "datetime", "title", "name"} <= set(image)
    assert image["link"].startswith(f"{client.url}/images/{image['id']}.")
    assert client.get(image["link"].removeprefix(client.url)).body == data
    deletehash: str = image["deletehash"]
    return deletehash


def refused(answer: object, status: int) -> None:
    assert answer.status == status  # type: ignore[attr-defined]
    told = answer.json  # type: ignore[attr-defined]
    assert (told["success"], told["status"]) == (False, status)
    assert set(told["data"]) == {"error", "request", "method"}


def test_a_file_goes_up_and_away(client: Client) -> None:
    data = picture()
    answer = client.upload("a.png", data, path="/3/image", fields={"type": "file", "title": "A day"})
    deletehash = stored(client, answer, data)
    deleted = client.request("DELETE", f"/3/image/{deletehash}")
    assert (deleted.status, deleted.json) == (200, {"data": True, "success": True, "status": 200})
    refused(client.request("DELETE", f"/3/image/{deletehash}"), 404)


def test_an_animation_goes_up_whole_and_promises_no_video(client: Client) -> None:
    file = io.BytesIO()
    frames = [Image.new("RGB", (40, 30), color) for color in ("red", "green", "blue")]
    frames[0].save(file, "GIF", save_all=True, append_images=frames[1:])
    assert Image.open(file).n_frames == 3  # type: ignore[attr-defined]
    answer = client.upload("a.gif", file.getvalue(), path="/3/image", fields={"type": "file"})
    stored(client, answer, file.getvalue())
    assert answer.json["data"]["animated"] is False
    assert not {"mp4", "gifv"} & set(answer.json["data"])


def test_base64_goes_up_in_a_form(client: Client) -> None:
    data = noise(120, 90)
    body, content_type = form([], {"image": base64.encodebytes(data).decode(), "type": "base64"})
    stored(client, client.post("/3/image", body, {"Content-Type": content_type}), data)


@pytest.mark.parametrize("quoted", [True, False])
def test_base64_goes_up_urlencoded(client: Client, quoted: bool) -> None:
    data = noise(300, 200)
    text = base64.b64encode(data).decode()
    body = urlencode({"type": "base64", "image": text}) if quoted else f"image={text}&type=base64"
    stored(client, client.post("/3/image", body.encode(), URLENCODED), data)


@pytest.mark.parametrize("text", ["https://example.com/a.png", "AAAA====BBBB", "A", "é"])
def test_an_address_or_nonsense_is_refused(client: Client, text: str) -> None:
    refused(client.post("/3/image", urlencode({"image": text}).encode(), URLENCODED), 400)
    body, content_type = form([], {"image": text})
    refused(client.post("/3/image", body, {"Content-Type": content_type}), 400)


@pytest.mark.parametrize("body", [b"", b"image=", b"type=base64", b"image=&image"])
def test_no_picture_is_refused(client: Client, body: bytes) -> None:
    refused(client.post("/3/image", body, URLENCODED), 400)


def test_what_is_no_picture_is_refused(client: Client) -> None:
    body = urlencode({"image": base64.b64encode(b"hello there").decode()}).encode()
    refused(client.post("/3/image", body, URLENCODED), 415)


def test_base64_over_the_limit_is_refused(client: Client) -> None:
    text = base64.b64encode(bytes(20 * 1024 * 1024 + 1))
    refused(client.post("/3/image", b"image=" + text, URLENCODED), 413)
