"""The pages about other ways in: the API to read and try, and the tools."""

from __future__ import annotations

import re
from typing import Literal

import pytest
from playwright.sync_api import Page, expect

from tests.browser.actions import happens, remember, still
from tests.browser.conftest import OpenPage
from tests.browser.test_accessibility import AXE, RULES, violations
from tests.client import Client
from tests.pictures import picture


def test_the_api_is_read_and_tried_under_the_strict_policy(open_page: OpenPage, store: Client) -> None:
    key = store.upload("a.png", picture()).json["filename"]
    page = open_page()
    page.goto("/docs/")
    operation = page.locator("#operations-Images-listImages")
    operation.locator(".opblock-summary-control").click()
    operation.get_by_role("button", name="Try it out").click()
    operation.get_by_role("button", name="Execute").click()
    expect(operation.locator(".live-responses-table")).to_contain_text(key)


def brightness(page: Page, selector: str, color: str) -> int:
    """Of a computed colour, from 0 to 255."""
    found = page.locator(selector).first.evaluate("(node, name) => getComputedStyle(node)[name]", color)
    return max(int(part) for part in re.findall(r"\d+", found)[:3])


@pytest.mark.parametrize(
    ("system", "chosen", "dark"),
    [("light", "", False), ("dark", "", True), ("light", "dark", True), ("dark", "light", False)],
)
def test_the_api_is_dark_where_the_other_pages_are(
    open_page: OpenPage, system: Literal["light", "dark"], chosen: str, dark: bool
) -> None:
    page = open_page(color_scheme=system)
    remember(page, "theme", chosen)
    page.goto("/docs/")
    expect(page.locator(".opblock").first).to_be_visible()
    still(page)
    for selector in ("html", ".opblock"):
        assert (brightness(page, selector, "backgroundColor") < 128) is dark
    assert (brightness(page, ".opblock-summary-path", "color") > 128) is dark
    page.emulate_media(color_scheme="light" if system == "dark" else "dark")
    still(page)  # or the page might not have been told yet
    wanted = dark if chosen else not dark
    happens(page, lambda: (brightness(page, ".opblock-summary-path", "color") > 128) is wanted, f"dark: {wanted}")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_the_tools_are_for_everybody(open_page: OpenPage, theme: str, width: int) -> None:
    page = open_page(color_scheme=theme, viewport={"width": width, "height": 844})
    page.goto("/upload/")
    page.get_by_role("link", name="Tools").click()
    expect(page.get_by_role("link", name="shoebox.sxcu")).to_be_visible()
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_what_frames_the_api_is_for_everybody(open_page: OpenPage, theme: str) -> None:
    page = open_page(color_scheme=theme)
    page.goto("/docs/")
    expect(page.locator(".opblock").first).to_be_visible()
    page.evaluate(AXE)
    ours = "(values) => axe.run({ exclude: ['#reader'] }, { runOnly: { type: 'tag', values } })"
    assert page.evaluate(ours, RULES)["violations"] == []
