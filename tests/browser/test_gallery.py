"""The gallery: order, pages, search, and the address that holds it all."""

from __future__ import annotations

import io
import re

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.actions import cards, fill, names, open_gallery, remember, until
from tests.browser.conftest import OpenPage
from tests.client import Client
from tests.pictures import picture

HOSTILE = '<img src=x onerror="alert(1)"> "quoted" & \'more\' ${7*7}.png'


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


@pytest.mark.usefixtures("failing_requests")
def test_where_copying_is_impossible_the_link_is_offered_selected(page: Page, store: Client) -> None:
    page.add_init_script("Object.defineProperty(window, 'isSecureContext', { value: false })")
    page.add_init_script("document.execCommand = () => false")
    fill(store, 1)
    open_gallery(page)
    page.get_by_role("button", name="Copy link to picture 001.png").click()
    field = page.get_by_label("Text to copy")
    expect(field).to_be_focused()
    expect(field).to_have_value(re.compile(r"^http://\S+\.png$"))


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
    assert names(stranger) == names(page)


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
    page.get_by_role("link", name="Page 2").scroll_into_view_if_needed()
    scrolled = page.evaluate("window.scrollY")
    assert scrolled > 100
    page.get_by_role("link", name="Page 2").click()
    expect(page.locator(".card-name").first).to_have_text("picture 013.png")
    assert page.evaluate("window.scrollY") < scrolled
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
    assert "page=3" in page.url


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
    open_gallery(page)
    with page.expect_response(lambda response: "/api/images/" in response.url) as answer:
        pass
    assert answer.value.status == 304


def test_a_card_has_all_that_is_promised(page: Page, store: Client) -> None:
    key = store.upload("Panorama.png", picture(2000, 1000)).json["filename"]
    open_gallery(page)
    card = cards(page)
    image = card.locator("img")
    expect(image).to_have_attribute("width", "2000")
    expect(image).to_have_attribute("height", "1000")
    expect(image).to_have_attribute("decoding", "async")
    srcset = ", ".join(f"/thumbs/{width}/{key} {width}w" for width in (160, 320, 640, 1280))
    expect(image).to_have_attribute("srcset", srcset)
    expect(card.locator("time")).to_have_text("just now")
    expect(card.locator("time")).to_have_attribute("title", re.compile(r"20\d\d"))
    expect(card.locator(".card-meta span")).to_have_text(re.compile(r"^\d+(\.\d)? (kB|MB)$"))
    with page.expect_download() as download:
        page.get_by_role("link", name="Download Panorama.png").click()
    assert download.value.suggested_filename == "Panorama.png"
    assert card.locator(".card-picture").evaluate("node => node.style.getPropertyValue('--color')").startswith("#")


def test_a_row_of_the_table_has_all_that_is_promised(page: Page, store: Client) -> None:
    key = store.upload("Panorama.png", picture(2000, 1000)).json["filename"]
    open_gallery(page, "?view=table")
    row = cards(page)
    expect(row.locator("img")).to_have_attribute("srcset", re.compile(f"/thumbs/160/{key} 160w"))
    expect(row.locator(".row-name")).to_have_text("Panorama.png")
    expect(row.get_by_text(re.compile(r"^\d+(\.\d)? (kB|MB)$"))).to_be_visible()
    expect(row.locator("time")).to_have_text("just now")
    expect(row.get_by_role("link", name=f"{store.url}/images/{key}")).to_be_visible()
    expect(row.get_by_role("button", name="Delete Panorama.png")).to_be_visible()


def test_pages_come_in_five_sizes(page: Page, store: Client) -> None:
    fill(store, 13)
    open_gallery(page)
    sizes = page.get_by_label("Per page")
    expect(sizes.locator("option")).to_have_text([f"{size} per page" for size in (4, 8, 12, 24, 48)])
    for size, shown in ((4, 4), (8, 8), (12, 12), (24, 13)):
        sizes.select_option(str(size))
        expect(cards(page)).to_have_count(shown)


def test_a_checkerboard_shows_through_transparent_pictures_only(page: Page, store: Client) -> None:
    clear = io.BytesIO()
    Image.new("RGBA", (300, 200), (0, 0, 0, 0)).save(clear, "PNG")
    store.upload("clear.png", clear.getvalue())
    store.upload("opaque.jpg", picture(300, 200, form="JPEG"))
    open_gallery(page)
    for name, checkered in (("clear.png", True), ("opaque.jpg", False)):
        image = page.get_by_role("img", name=name)
        expect(image).to_have_attribute("data-loaded", "")
        ground = image.evaluate("node => getComputedStyle(node).backgroundImage")
        assert ("conic-gradient" in ground) is checkered


def test_a_tab_that_nobody_sees_asks_for_nothing(page: Page, store: Client) -> None:
    fill(store, 1)
    page.clock.install()
    open_gallery(page)
    with page.expect_request("**/api/images/**"):
        page.clock.run_for(10_000)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/api/images/" in request.url else None)
    hide = """(hidden) => {
      Object.defineProperty(document, "hidden", { configurable: true, get: () => hidden });
      document.dispatchEvent(new Event("visibilitychange"));
    }"""
    page.evaluate(hide, True)
    page.clock.run_for(60_000)
    page.wait_for_timeout(300)
    assert asked == []
    store.upload("new.png", picture())
    page.evaluate(hide, False)
    expect(page.locator(".card-name").first).to_have_text("new.png")


def test_only_the_first_row_is_loaded_eagerly(page: Page, store: Client) -> None:
    fill(store, 8)
    open_gallery(page)
    expect(cards(page)).to_have_count(8)
    loading = [image.get_attribute("loading") for image in cards(page).locator("img").all()]
    assert loading == ["eager"] * 4 + ["lazy"] * 4


def test_names_of_strangers_are_text(page: Page, store: Client) -> None:
    store.upload(HOSTILE, picture())
    stored = store.list().json["images"][0]["original_name"]
    open_gallery(page)
    expect(page.locator(".card-name")).to_have_text(stored)
    page.locator("label[title=Table]").click()
    expect(page.locator(".row-name")).to_have_text(stored)
    page.get_by_role("button", name=f"Delete {stored}").click()
    expect(page.locator(".dialog-name")).to_have_text(stored)


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
    page.goto("/images/")
    expect(page.get_by_role("heading", name="The server does not answer")).to_be_visible()
    expect(page.get_by_text("The database is away.")).to_be_visible()
    page.unroute("**/api/images/**")
    page.get_by_role("button", name="Try again").click()
    expect(cards(page)).to_have_count(2)


def test_skeletons_hold_the_place_of_cards(page: Page, store: Client) -> None:
    fill(store, 8)
    held = []
    page.route("**/api/images/?*", lambda route: held.append(route))
    page.goto("/images/?per_page=8")
    skeleton = page.locator(".skeleton").last
    expect(page.locator(".skeleton")).to_have_count(8)
    before = skeleton.bounding_box()
    held[0].continue_()
    page.unroute("**/api/images/?*")
    expect(cards(page)).to_have_count(8)
    after = cards(page).last.bounding_box()
    assert before
    assert after
    assert {k: round(v) for k, v in before.items()} == {k: round(v) for k, v in after.items()}


@pytest.mark.parametrize("view", ["cards", "table"])
@pytest.mark.parametrize("width", [320, 390, 768])
def test_nothing_is_cut_off_or_scrolls_sideways(page: Page, store: Client, width: int, view: str) -> None:
    store.upload("Ж" * 120 + "-a-name-without-any-place-to-break-it-" + "x" * 90 + ".png", picture(900, 300))
    fill(store, 49)
    page.set_viewport_size({"width": width, "height": 700})
    open_gallery(page, f"?view={view}&per_page=4&page=7")
    expect(cards(page)).to_have_count(4)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    open_gallery(page, f"?view={view}&per_page=4&page=13")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    targets = ".card-actions > *, .pager a[aria-current], .toolbar select, .tab, [data-action=delete]"
    small = page.locator(targets).evaluate_all(
        "nodes => nodes.map((node) => [node.className, node.offsetHeight]).filter(([, high]) => high > 0 && high < 44)"
    )
    assert small == []
