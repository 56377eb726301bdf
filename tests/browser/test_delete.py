"""Deleting a picture."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.actions import cards, fill, freeze, happens, open_gallery, still
from tests.client import Client
from tests.pictures import picture

AWAY = {"type": "about:blank", "title": "x", "status": 503, "code": "unavailable", "detail": "The database is away."}


def test_cancel_has_the_focus_and_keeps_the_picture(page: Page, store: Client) -> None:
    fill(store, 2)
    open_gallery(page)
    page.get_by_role("button", name="Delete picture 002.png").click()
    dialog = page.get_by_role("dialog", name="Delete this picture?")
    expect(dialog).to_contain_text("picture 002.png")
    expect(dialog.get_by_role("img", name="picture 002.png")).to_be_visible()
    expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()
    page.keyboard.press("Enter")
    expect(dialog).to_have_count(0)
    expect(page.get_by_role("button", name="Delete picture 002.png")).to_be_focused()
    assert store.list().json["total_items"] == 2


@pytest.mark.parametrize("size", [(900, 300), (600, 450), (300, 900)])
def test_the_picture_asked_about_is_seen_whole(page: Page, store: Client, size: tuple[int, int]) -> None:
    store.upload("a.png", picture(*size))
    open_gallery(page)
    page.get_by_role("button", name="Delete a.png").click()
    image = page.get_by_role("dialog").get_by_role("img")
    expect(image).to_have_js_property("complete", True)
    still(page)
    frame = page.locator(".dialog-picture").bounding_box()
    seen = image.bounding_box()
    assert frame
    assert seen
    for start, length in (("x", "width"), ("y", "height")):
        assert frame[start] <= seen[start]
        assert seen[start] + seen[length] <= frame[start] + frame[length]
    assert seen["width"] / seen["height"] == pytest.approx(size[0] / size[1], rel=0.02)


@pytest.mark.parametrize("view", ["cards", "table"])
def test_the_picture_goes_at_once_and_a_toast_says_so(page: Page, store: Client, view: str) -> None:
    keys = fill(store, 3)
    freeze(page)
    open_gallery(page, f"?view={view}")
    page.get_by_role("button", name="Delete picture 002.png").click()
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(cards(page)).to_have_count(2)
    expect(page.locator(".toast")).to_contain_text("picture 002.png is deleted.")
    expect(page.locator(".toolbar-count")).to_have_text("2 pictures")
    assert store.get(f"/images/{keys[1]}").status == 404


def test_the_card_is_gone_before_the_server_answers(page: Page, store: Client) -> None:
    fill(store, 2)
    freeze(page)
    open_gallery(page)
    held: list[Route] = []
    page.route("**/api/images/*.png", lambda route: held.append(route))
    page.get_by_role("button", name="Delete picture 001.png").click()
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(cards(page)).to_have_count(1)
    happens(page, lambda: len(held) == 1, "the deletion is asked for")
    assert store.list().json["total_items"] == 2
    held[0].continue_()
    expect(page.locator(".toast")).to_contain_text("is deleted")


@pytest.mark.usefixtures("failing_requests")
def test_a_failure_puts_the_card_back_and_says_why(page: Page, store: Client) -> None:
    fill(store, 3)
    open_gallery(page)
    page.route("**/api/images/*.png", lambda route: route.fulfill(status=503, json=AWAY))
    page.get_by_role("button", name="Delete picture 002.png").click()
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(page.locator(".toast")).to_contain_text("picture 002.png could not be deleted. The database is away.")
    expect(page.locator(".card-name")).to_have_text([f"picture {n:03}.png" for n in (3, 2, 1)])


@pytest.mark.usefixtures("failing_requests")
def test_a_picture_somebody_else_deleted_is_simply_gone(page: Page, store: Client) -> None:
    keys = fill(store, 2)
    freeze(page)  # or the gallery might see it go before anybody can ask
    open_gallery(page)
    store.delete(keys[0])
    page.get_by_role("button", name="Delete picture 001.png").click()
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(page.locator(".toast")).to_contain_text("is deleted")
    expect(cards(page)).to_have_count(1)


def test_deleting_the_last_of_a_page_goes_to_the_page_before(page: Page, store: Client) -> None:
    fill(store, 5)
    open_gallery(page, "?per_page=4&page=2")
    page.get_by_role("button", name="Delete picture 001.png").click()
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(cards(page)).to_have_count(4)
    expect(page.locator(".pager")).to_have_count(0)
