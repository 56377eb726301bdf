"""Pictures whose bytes are in object storage."""

from __future__ import annotations

from dataclasses import replace

import pytest

from services.backend.tests.fakes.application import World
from services.backend.tests.fakes.codec import picture
from shoebox.web.settings import WebSettings
from tests.client import Client


@pytest.fixture
def settings(settings: WebSettings, request: pytest.FixtureRequest) -> WebSettings:
    """With object storage, and what the test adds to that."""
    return replace(settings, remote_store=True, **getattr(request, "param", {}))


LINKED = {"picture_link": lambda key: f"https://cdn.example/images/{key}"}
BEHIND_NGINX = {"trust_peer": True}


def test_embedded_the_worker_sends_the_bytes_itself(client: Client) -> None:
    image = client.upload("a.png", picture()).json
    answer = client.get(image["url"])
    assert (answer.status, answer.body) == (200, picture())
    assert client.get(image["url"], {"If-None-Match": answer.headers["ETag"]}).status == 304
    assert client.get(image["url"], {"Range": "bytes=0-3"}).body == picture()[:4]
    assert client.get(image["thumbnail_url"]).type == "image/webp"


def test_bytes_whose_row_is_gone_are_nobodys(client: Client, world: World) -> None:
    image = client.upload("a.png", picture()).json
    world.repository.delete(image["filename"])
    for path in (image["url"], f"{image['url']}?download=1", f"{image['url']}?store=bytes", image["thumbnail_url"]):
        assert client.get(path).status == 404


@pytest.mark.parametrize("settings", [LINKED], indirect=True)
def test_visitors_are_sent_elsewhere_but_our_pages_and_downloads_are_not(client: Client) -> None:
    image = client.upload("a.png", picture()).json
    sent = client.get(image["url"])
    assert (sent.status, sent.headers["Location"]) == (307, f"https://cdn.example{image['url']}")
    assert client.get(image["url"], {"Sec-Fetch-Site": "same-origin"}).body == picture()
    assert client.get(f"{image['url']}?download=1").body == picture()
    client.delete(image["filename"])
    assert client.get(image["url"]).status == 404


@pytest.mark.parametrize("settings", [BEHIND_NGINX], indirect=True)
def test_behind_nginx_the_bytes_are_its_to_send(client: Client) -> None:
    image = client.upload("ä.png", picture()).json
    led = client.get(f"{image['url']}?download=1")
    assert (led.status, led.body) == (200, b"")
    assert led.headers["X-Accel-Redirect"] == f"/.store{image['url']}"
    assert led.headers["Content-Disposition"].startswith("attachment")
    assert client.get(image["thumbnail_url"]).headers["X-Accel-Redirect"] == f"/.store{image['thumbnail_url']}"
    assert client.get(f"{image['url']}?store=bytes").body == picture()
