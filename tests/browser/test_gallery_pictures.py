"""The gallery: what it shows of each picture, and how that fits in."""

from __future__ import annotations

import io
import re

import pytest
from PIL import Image
from playwright.sync_api import Page, Route, expect

from tests.browser.actions import cards, fill, happens, open_gallery, still
from tests.client import Client
from tests.pictures import picture

HOSTILE = '<img src=x onerror="alert(1)"> "quoted" & \'more\' ${7*7}.png'


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


def test_a_checkerboard_shows_through_transparent_pictures_only(page: Page, store: Client) -> None:
    clear = io.BytesIO()
    Image.new("RGBA", (300, 200), (0, 0, 0, 0)).save(clear, "PNG")
    store.upload("clear.png", clear.getvalue())
    store.upload("opaque.jpg", picture(300, 200, form="JPEG"))
    open_gallery(page)
    for name, checkered in (("clear.png", True), ("opaque.jpg", False)):
        image = page.get_by_role("img", name=name)
        expect(image).to_have_attribute("data-loaded", "")
        still(page)
        ground = image.evaluate("node => getComputedStyle(node).backgroundImage")
        assert ("conic-gradient" in ground) is checkered


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


def test_skeletons_hold_the_place_of_cards(page: Page, store: Client) -> None:
    fill(store, 8)
    held: list[Route] = []
    page.route("**/api/images/?*", lambda route: held.append(route))
    page.goto("/images/?per_page=8")
    happens(page, lambda: len(held) == 1, "the list is asked for")
    skeleton = page.locator(".skeleton").last
    expect(page.locator(".skeleton")).to_have_count(8)
    still(page)
    before = skeleton.bounding_box()
    held[0].continue_()
    page.unroute("**/api/images/?*")
    expect(cards(page)).to_have_count(8)
    still(page)
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
    still(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    open_gallery(page, f"?view={view}&per_page=4&page=13")
    still(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    targets = ".card-actions > *, .pager a[aria-current], .toolbar select, .tab, [data-action=delete]"
    small = page.locator(targets).evaluate_all(
        "nodes => nodes.map((node) => [node.className, node.offsetHeight]).filter(([, high]) => high > 0 && high < 44)"
    )
    assert small == []
