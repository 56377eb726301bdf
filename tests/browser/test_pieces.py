"""Large files go on where a broken line left them."""

from __future__ import annotations

import hashlib
from typing import Final

import pytest
from playwright.sync_api import Page, Request, Route, expect

from tests.browser.actions import choose, payload, rows
from tests.client import Client
from tests.pictures import noise

PIECE: Final = {"Tus-Resumable": "1.0.0", "Content-Type": "application/offset+octet-stream"}


@pytest.mark.usefixtures("failing_requests")
def test_a_large_file_goes_on_after_its_connection_broke(page: Page, store: Client) -> None:
    data = noise(1750, 1700)
    cut = len(data) * 37 // 100
    sent: list[Request] = []

    def break_off_first(route: Route) -> None:
        sent.append(route.request)
        if sum(request.method == "PATCH" for request in sent) == 1 and route.request.method == "PATCH":
            place = route.request.url.removeprefix(store.url)
            store.request("PATCH", place, body=data[:cut], headers={**PIECE, "Upload-Offset": "0"})
            route.abort("connectionreset")
        else:
            route.continue_()

    page.route("**/api/tus/**", break_off_first)
    page.goto("/upload/")
    choose(page, payload("große Karte.png", data))
    expect(rows(page, "done")).to_have_count(1)
    assert [request.method for request in sent] == ["POST", "HEAD", "PATCH", "HEAD", "PATCH"]
    assert sent[-1].headers["upload-offset"] == str(cut)
    (image,) = store.list().json["images"]
    assert image["original_name"] == "große Karte.png"
    assert hashlib.sha256(store.get(image["url"]).body).digest() == hashlib.sha256(data).digest()


@pytest.mark.usefixtures("failing_requests")
def test_a_large_file_that_is_no_picture_says_so(page: Page, store: Client) -> None:
    page.goto("/upload/")
    choose(page, payload("film.png", b"no picture" * 1_000_000))
    expect(rows(page, "failed")).to_contain_text("not a picture")
    assert store.list().json["total_items"] == 0
