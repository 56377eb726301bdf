"""The gallery: what others add and remove, and a store that is empty or away."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.actions import cards, fill, freeze, happens, open_gallery
from tests.client import Client
from tests.pictures import picture


def test_other_peoples_pictures_come_and_go_without_a_reload(page: Page, store: Client) -> None:
    keys = fill(store, 3)
    open_gallery(page)
    expect(cards(page)).to_have_count(3)
    first = page.locator(f"[data-key='{keys[1]}'] [data-action=open]")
    first.focus()
    page.evaluate("document.activeElement.marked = true")
    store.upload("new.png", picture())
    expect(page.locator(".card-name").first).to_have_text("new.png")
    assert page.evaluate("document.activeElement.marked === true")
    store.delete(keys[0])
    expect(cards(page)).to_have_count(3)
    expect(page.locator(".toolbar-count")).to_have_text("3 pictures")


def test_looking_for_changes_costs_a_304(page: Page, store: Client) -> None:
    fill(store, 2)
    statuses: list[int] = []
    page.on("response", lambda response: statuses.append(response.status) if "/api/images/" in response.url else None)
    open_gallery(page)
    happens(page, lambda: len(statuses) >= 3, "two looks for changes")
    assert statuses[:3] == [200, 304, 304]


def test_a_tab_that_nobody_sees_asks_for_nothing(page: Page, store: Client) -> None:
    fill(store, 1)
    looks: list[str] = []
    page.on("response", lambda response: looks.append(response.url) if "/api/images/" in response.url else None)
    page.clock.install()
    open_gallery(page)

    def has_looked_again() -> bool:
        page.clock.run_for(10_000)
        return len(looks) > 1

    happens(page, has_looked_again, "the page looks for changes")
    hide = """(hidden) => {
      Object.defineProperty(document, "hidden", { configurable: true, get: () => hidden });
      document.dispatchEvent(new Event("visibilitychange"));
    }"""
    mark = "fetch('/api/limits').then(() => null)"  # requests are told of in the order they were made
    page.evaluate(hide, True)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url.removeprefix(store.url)))
    page.evaluate(mark)
    page.clock.run_for(60_000)
    page.evaluate(mark)
    happens(page, lambda: asked.count("/api/limits") == 2, "the requests before and after a minute")
    assert asked[asked.index("/api/limits") :] == ["/api/limits"] * 2
    store.upload("new.png", picture())
    page.evaluate(hide, False)
    expect(page.locator(".card-name").first).to_have_text("new.png")


def test_a_store_with_nothing_in_it_shows_the_way_to_the_first_picture(page: Page, store: Client) -> None:
    open_gallery(page)
    page.get_by_role("button", name="Upload a picture").click()
    expect(page.get_by_text("Drop pictures anywhere")).to_be_visible()


@pytest.mark.usefixtures("failing_requests")
def test_a_server_that_is_away_is_said_to_be_and_tried_again(page: Page, store: Client) -> None:
    fill(store, 2)
    problem = {
        "type": "about:blank",
        "title": "x",
        "status": 503,
        "code": "unavailable",
        "detail": "The database is away.",
    }
    page.route("**/api/images/**", lambda route: route.fulfill(status=503, json=problem, headers={"Retry-After": "2"}))
    freeze(page)  # or the gallery might try again by itself before the button is pressed
    page.goto("/images/")
    expect(page.get_by_role("heading", name="The server does not answer")).to_be_visible()
    expect(page.get_by_text("The database is away.")).to_be_visible()
    page.unroute("**/api/images/**")
    page.get_by_role("button", name="Try again").click()
    expect(cards(page)).to_have_count(2)
