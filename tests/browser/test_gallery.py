"""The gallery: order, pages, search, and the address that holds it all."""

from __future__ import annotations

import re
from contextlib import suppress

import pytest
from playwright.sync_api import Error, Page, Route, expect

from tests.browser.actions import cards, fill, happens, names, open_gallery, remember, still, until
from tests.browser.conftest import OpenPage
from tests.client import Client
from tests.pictures import picture


@pytest.fixture
def three_sizes(store: Client) -> Client:
    """Three pictures whose orders by time, size and name all differ."""
    for name, side in (("banana.png", 400), ("Apple.png", 900), ("cherry.png", 100)):
        store.upload(name, picture(side, side))
    return store


ORDERS = {
    "Oldest first": ["banana.png", "Apple.png", "cherry.png"],
    "Largest first": ["Apple.png", "banana.png", "cherry.png"],
    "Smallest first": ["cherry.png", "banana.png", "Apple.png"],
    "A–Z": ["Apple.png", "banana.png", "cherry.png"],
    "Z–A": ["cherry.png", "banana.png", "Apple.png"],
    "Newest first": ["cherry.png", "Apple.png", "banana.png"],
}


@pytest.mark.usefixtures("three_sizes")
def test_pictures_can_be_ordered_six_ways(page: Page) -> None:
    open_gallery(page)
    for order, expected in ORDERS.items():
        page.get_by_label("Sort").select_option(order)
        expect(page.locator(".card-name")).to_have_text(expected)


def test_the_address_holds_the_whole_state(page: Page, open_page: OpenPage, store: Client) -> None:
    fill(store, 9)
    open_gallery(page)
    page.get_by_label("Per page").select_option("4")
    page.get_by_label("Sort").select_option("A–Z")
    page.locator("label[title=Table]").click()
    page.get_by_role("link", name="Page 2").click()
    expect(page.locator(".row-name")).to_have_text([f"picture {n:03}.png" for n in range(5, 9)])
    query = page.url.partition("?")[2]
    assert set(query.split("&")) == {"page=2", "per_page=4", "sort_param=sort_name", "sort_value=asc", "view=table"}
    stranger = open_page()
    open_gallery(stranger, f"?{query}")
    expect(stranger.locator(".row-name")).to_have_text(names(page))


def test_a_page_turned_while_a_list_is_on_its_way_keeps_what_was_chosen(page: Page, store: Client) -> None:
    fill(store, 9)
    open_gallery(page, "?per_page=4")
    held: list[Route] = []
    page.route("**/api/images/?*", lambda route: held.append(route))
    page.get_by_label("Sort").select_option("A–Z")
    page.locator("label[title=Table]").click()
    page.get_by_role("link", name="Page 2").click()
    expect(page.get_by_role("link", name="Page 2")).to_have_attribute("aria-current", "page")
    happens(page, lambda: any("page=2" in route.request.url for route in held), "the second page is asked for")
    for route in held:
        with suppress(Error):  # the page has given up all but the last
            route.continue_()
    page.unroute("**/api/images/?*")
    expect(page.locator(".row-name")).to_have_text([f"picture {n:03}.png" for n in range(5, 9)])
    assert set(page.url.partition("?")[2].split("&")) >= {"page=2", "sort_param=sort_name", "view=table"}


def test_what_the_address_leaves_out_is_remembered(page: Page, store: Client) -> None:
    fill(store, 5)
    open_gallery(page)
    page.get_by_label("Per page").select_option("4")
    page.locator("label[title=Table]").click()
    expect(page.locator(".row-name")).to_have_count(4)
    page.goto("/")
    page.goto("/images/")
    expect(page.locator(".row-name")).to_have_count(4)
    open_gallery(page, "?view=cards&per_page=8")
    expect(page.locator(".card-name")).to_have_count(5)


def test_a_broken_memory_does_no_harm(page: Page, store: Client) -> None:
    fill(store, 1)
    remember(page, "gallery", '{"perPage": "many", "sort": 7, "view": null')
    open_gallery(page)
    expect(cards(page)).to_have_count(1)


def test_back_and_forward_walk_through_pages_and_restore_the_place(page: Page, store: Client) -> None:
    fill(store, 25)
    page.set_viewport_size({"width": 800, "height": 500})
    open_gallery(page, "?per_page=12&sort_param=sort_name&sort_value=asc")
    expect(cards(page)).to_have_count(12)
    page.get_by_role("link", name="Page 2").scroll_into_view_if_needed()
    still(page)
    scrolled = page.evaluate("window.scrollY")
    assert scrolled > 100
    page.get_by_role("link", name="Page 2").click()
    expect(page.locator(".card-name").first).to_have_text("picture 013.png")
    until(page, f"window.scrollY < {scrolled}")
    page.go_back()
    expect(page.locator(".card-name").first).to_have_text("picture 001.png")
    until(page, f"Math.abs(window.scrollY - {scrolled}) < 3")
    page.go_forward()
    expect(page.locator(".card-name").first).to_have_text("picture 013.png")


def test_page_numbers_are_links_that_open_in_another_tab(page: Page, open_page: OpenPage, store: Client) -> None:
    fill(store, 9)
    open_gallery(page, "?per_page=4")
    target = page.get_by_role("link", name="Page 3").get_attribute("href")
    other = open_page()
    other.goto(target or "")
    expect(cards(other)).to_have_count(1)


def test_a_page_past_the_end_becomes_the_last_one(page: Page, store: Client) -> None:
    fill(store, 9)
    open_gallery(page, "?page=77&per_page=4")
    expect(page.get_by_role("link", name="Page 3")).to_have_attribute("aria-current", "page")
    expect(cards(page)).to_have_count(1)
    expect(page).to_have_url(re.compile("page=3"))


def test_search_finds_part_of_a_name_as_it_is_typed(page: Page, store: Client) -> None:
    for name in ("Кот Барсик.png", "dog.png", "100%_cat.png"):
        store.upload(name, picture())
    open_gallery(page)
    search = page.get_by_label("Search by name")
    search.press_sequentially("барс")
    expect(page.locator(".card-name")).to_have_text(["Кот Барсик.png"])
    expect(search).to_be_focused()
    search.fill("%_")
    expect(page.locator(".card-name")).to_have_text(["100%_cat.png"])
    search.fill("zebra")
    expect(page.get_by_role("heading", name="Nothing matches “zebra”")).to_be_visible()
    page.get_by_role("button", name="Clear search").click()
    expect(cards(page)).to_have_count(3)
    expect(search).to_be_focused()


def test_a_whole_search_is_one_step_back(page: Page, store: Client) -> None:
    fill(store, 3)
    open_gallery(page)
    page.get_by_label("Search by name").press_sequentially("picture 002", delay=60)
    expect(cards(page)).to_have_count(1)
    page.go_back()
    expect(cards(page)).to_have_count(3)
    expect(page.get_by_label("Search by name")).to_have_value("")


def test_pages_come_in_five_sizes(page: Page, store: Client) -> None:
    fill(store, 13)
    open_gallery(page)
    sizes = page.get_by_label("Per page")
    expect(sizes.locator("option")).to_have_text([f"{size} per page" for size in (4, 8, 12, 24, 48)])
    for size, shown in ((4, 4), (8, 8), (12, 12), (24, 13)):
        sizes.select_option(str(size))
        expect(cards(page)).to_have_count(shown)
