"""The welcome page."""

from __future__ import annotations

import re
from typing import Final

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage

HERO_BUDGET: Final = 150_000  # bytes of one illustration


def test_the_button_leads_to_the_upload_page(page: Page) -> None:
    page.goto("/")
    page.get_by_role("link", name="Go to upload").click()
    expect(page.get_by_text("Drop pictures anywhere")).to_be_visible()
    expect(page).to_have_url(re.compile("/upload/$"))


@pytest.mark.parametrize("number", range(1, 6))
def test_each_of_the_five_heroes_gets_its_turn_and_is_described(page: Page, number: int) -> None:
    page.add_init_script(f"Math.random = () => {(number - 0.5) / 5}")
    address = f"/static/random_images/hero-{number}.svg"
    page.goto("/")
    hero = page.locator("#hero img")
    expect(hero).to_have_attribute("alt", re.compile(r"\w+ shoebox"))
    expect(hero).to_have_attribute("src", address)
    assert hero.evaluate("image => image.decode().then(() => image.naturalWidth)") > 0
    assert len(page.request.get(address).body()) <= HERO_BUDGET


def test_nothing_moves_while_the_welcome_page_loads(page: Page) -> None:
    page.add_init_script(
        "window.moved = 0;"
        "new PerformanceObserver(list => { for (const e of list.getEntries()) window.moved += e.value })"
        ".observe({ type: 'layout-shift', buffered: true })"
    )
    page.goto("/", wait_until="networkidle")
    assert page.evaluate("window.moved") <= 0.01


def test_without_script_the_first_hero_and_the_button_are_there(open_page: OpenPage) -> None:
    page = open_page(java_script_enabled=False)
    page.goto("/")
    expect(page.locator("#hero img")).to_have_attribute("src", "/static/random_images/hero-1.svg")
    page.get_by_role("link", name="Go to upload").click()
    expect(page).to_have_url(re.compile("/upload/$"))
