"""Everything that matters works with scripts switched off."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.actions import fill, payload
from tests.browser.conftest import OpenPage
from tests.client import Client
from tests.pictures import noise, picture


@pytest.fixture
def plain_page(open_page: OpenPage) -> Page:
    """A browser that runs no script."""
    return open_page(java_script_enabled=False)


def test_the_plain_form_uploads_and_shows_the_links(plain_page: Page, store: Client) -> None:
    plain_page.goto("/upload/")
    files = [
        payload("one.png", picture(200, 100)),
        payload("no.png", b"no picture"),
        payload("two.png", picture(90, 90)),
    ]
    plain_page.set_input_files("#file-input", files)
    plain_page.get_by_role("button", name="Upload").click()
    links = plain_page.get_by_label("Link")
    expect(links).to_have_count(2)
    expect(links.first).to_have_value(re.compile(r"^http://\S+/images/\w+\.png$"))
    for form in ("Markdown", "HTML", "BBCode"):
        expect(plain_page.get_by_label(form)).to_have_count(2)
    expect(plain_page.get_by_role("alert")).to_contain_text("no.png")
    assert store.get(links.first.input_value().removeprefix(store.url)).status == 200


def test_the_plain_form_can_name_a_collection(plain_page: Page, store: Client) -> None:
    plain_page.goto("/upload/")
    plain_page.set_input_files("#file-input", [payload("one.png", picture())])
    plain_page.get_by_label("Collection").fill("holiday")
    plain_page.get_by_role("button", name="Upload").click()
    expect(plain_page.get_by_label("Link")).to_have_count(1)
    assert store.list(collection="holiday").json["total_items"] == 1


def test_sizes_are_told_as_with_scripts(page: Page, plain_page: Page, store: Client) -> None:
    for side in (4, 20, 150, 350, 1000, 2300):
        assert store.upload(f"{side}.png", noise(side, side)).status == 201
    page.goto("/images/")
    expect(page.locator(".card-meta span")).to_have_count(6)
    plain_page.goto("/images/?view=plain")
    sizes = page.locator(".card-meta span").all_inner_texts()
    assert plain_page.locator(".card-meta span").all_inner_texts() == sizes
    assert {size.rpartition(" ")[2] for size in sizes} == {"kB", "MB"}


def test_the_gallery_leads_to_its_plain_form_with_pages_and_deletion(plain_page: Page, store: Client) -> None:
    fill(store, 9)
    plain_page.goto("/images/")
    plain_page.wait_for_url("**/images/?view=plain")
    shown = plain_page.locator(".card")
    expect(shown).to_have_count(8)
    plain_page.get_by_role("navigation", name="Pages of the gallery").get_by_role("link", name="2").click()
    expect(shown).to_have_count(1)
    expect(shown).to_contain_text("picture 001.png")
    plain_page.get_by_role("button", name="Delete picture 001.png").click()
    expect(plain_page.get_by_text("picture 001.png")).to_have_count(0)
    expect(plain_page).to_have_url(re.compile("view=plain"))
    assert store.list().json["total_items"] == 8


def test_the_plain_gallery_searches_and_sorts(plain_page: Page, store: Client) -> None:
    for name in ("b.png", "a.png", "other.jpg"):
        store.upload(name, picture())
    plain_page.goto("/images/?view=plain")
    plain_page.get_by_label("Search by name").fill(".png")
    plain_page.get_by_label("Sort by").select_option("Name")
    plain_page.get_by_label("Order").select_option("Ascending")
    plain_page.get_by_role("button", name="Show").click()
    expect(plain_page.locator(".card-name")).to_have_text(["a.png", "b.png"])


def test_a_missing_page_is_explained_to_people(plain_page: Page, provoked: list[str]) -> None:
    provoked.append("Failed to load resource")
    plain_page.goto("/no/such/page")
    expect(plain_page.get_by_role("heading")).to_be_visible()
    expect(plain_page.get_by_role("link", name="Go to upload")).to_be_visible()
