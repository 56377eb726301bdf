"""axe-core finds nothing on any page, in any state, theme or language; the keyboard alone is enough."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.actions import (
    cards,
    choose,
    fill,
    fill_photos,
    focused,
    hear,
    open_gallery,
    payload,
    ready,
    rows,
    some_files,
    until,
)
from tests.browser.conftest import OpenPage
from tests.client import Client
from tests.pictures import picture

AXE: Final = (Path(__file__).parent / "vendor" / "axe.min.js").read_text("utf-8")
RULES: Final = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
AWAY: Final = {"type": "about:blank", "title": "x", "status": 503, "code": "unavailable", "detail": "Away."}
MAX_TABS: Final = 80  # enough to walk through any page; more means that a control cannot be reached


def violations(page: Page) -> list[str]:
    """What axe-core says against the page as it is now."""
    page.evaluate(AXE)
    found = page.evaluate("(values) => axe.run(document, { runOnly: { type: 'tag', values } })", RULES)
    return [
        f"{violation['id']}: {node['html'][:160]} ({node['failureSummary'][:300]})"
        for violation in found["violations"]
        for node in violation["nodes"]
    ]


def _welcome(page: Page) -> None:
    page.goto("/")
    ready(page)


def _upload(page: Page) -> None:
    page.goto("/upload/")
    expect(page.locator("#limits")).to_contain_text("JPEG")


def _collection(page: Page) -> None:
    page.goto("/holiday")
    expect(page.locator("#collection .empty")).to_be_visible()


def _queue(page: Page) -> None:
    _upload(page)
    held: list[Route] = []
    files = [*some_files(2), payload("bad.png", b"no picture")]
    choose(page, *files)
    expect(rows(page, "done")).to_have_count(2)
    page.route("**/api/upload/", lambda route: held.append(route))
    choose(page, *some_files(5))
    expect(rows(page, "queued")).to_have_count(2)
    page.locator(".upload[data-state=queued] .upload-leave").first.click()


def _cards(page: Page) -> None:
    page.unroute_all()
    open_gallery(page, "?view=cards&per_page=4")
    expect(cards(page)).to_have_count(4)


def _table(page: Page) -> None:
    open_gallery(page, "?view=table&per_page=4")
    expect(cards(page)).to_have_count(4)


def _dialog(page: Page) -> None:
    _cards(page)
    page.locator("[data-action=delete]").first.click()
    expect(page.get_by_role("dialog")).to_be_visible()


def _toast(page: Page) -> None:
    _cards(page)
    page.locator("[data-action=copy]").first.click()
    page.locator(".toast").hover()  # which lets it stay


def _viewer(page: Page) -> None:
    _cards(page)
    page.locator("[data-action=open]").first.click()
    expect(page.locator(".pswp--ui-visible")).to_be_visible()


def _no_match(page: Page) -> None:
    page.goto("/images/?q=zebra")
    expect(page.locator(".empty")).to_be_visible()


def _away(page: Page) -> None:
    page.route("**/api/images/**", lambda route: route.fulfill(status=503, json=AWAY))
    page.goto("/images/")
    expect(page.locator(".empty")).to_be_visible()


def _plain_gallery(page: Page) -> None:
    page.goto("/images/?view=plain")


def _error(page: Page) -> None:
    page.goto("/images/aaaaaaaaaaaa.png")


STATES: Final[tuple[Callable[[Page], None], ...]] = (
    _welcome, _upload, _collection, _queue, _cards, _table, _dialog, _toast, _viewer, _no_match, _away,
    _plain_gallery, _error,
)  # fmt: skip


@pytest.mark.usefixtures("failing_requests")
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("language", ["en-US", "ru-RU"])
@pytest.mark.timeout(240)
def test_axe_finds_nothing_in_any_state(open_page: OpenPage, store: Client, theme: str, language: str) -> None:
    fill_photos(store)
    page = open_page(color_scheme=theme, locale=language)
    page.on("dialog", lambda dialog: dialog.accept())
    found: list[str] = []
    for state in STATES:
        state(page)
        found += [f"{state.__name__}: {text}" for text in violations(page)]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_on_a_phone(open_page: OpenPage, store: Client, theme: str) -> None:
    fill_photos(store)
    page = open_page(color_scheme=theme, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    found: list[str] = []
    for state in (_welcome, _upload, _cards, _table, _dialog):
        state(page)
        found += [f"{state.__name__}: {text}" for text in violations(page)]
    assert not found, "\n".join(found)


def _tab_to(page: Page, name: str) -> None:
    for _ in range(MAX_TABS):
        if focused(page) == name:
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"the Tab key does not lead to “{name}”; it ended at “{focused(page)}”")


def test_the_keyboard_alone_uploads_copies_opens_pages_and_deletes(page: Page, store: Client) -> None:
    fill(store, 4)
    page.add_init_script("document.addEventListener('copy', () => { window.copied = document.activeElement.value })")
    page.add_init_script("Object.defineProperty(window, 'isSecureContext', { value: false })")
    page.goto("/")
    _tab_to(page, "Go to upload")
    page.keyboard.press("Enter")
    expect(page.locator("#limits")).to_contain_text("JPEG")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()  # with the next frame; a key before it would go elsewhere
    page.keyboard.press("Tab")
    expect(page.locator("#file-input")).to_be_focused()
    with page.expect_file_chooser() as chooser:
        page.keyboard.press("Space")
    chooser.value.set_files(payload("by keyboard.png", picture(640, 480)))
    expect(page.get_by_label("Link to by keyboard.png", exact=True)).to_be_focused()
    _tab_to(page, "Copy link to by keyboard.png")
    page.keyboard.press("Enter")
    until(page, "window.copied?.endsWith('.png') ?? false")
    page.keyboard.press("Home")
    page.locator(".skip").focus()
    _tab_to(page, "Images")
    page.keyboard.press("Enter")
    expect(cards(page)).to_have_count(5)
    _tab_to(page, "by keyboard.png")
    page.keyboard.press("Enter")
    expect(page.locator(".viewer-name")).to_have_text("by keyboard.png")
    page.keyboard.press("Escape")
    expect(page.locator(".pswp")).to_have_count(0)
    expect(page.locator("[data-action=open]").first).to_be_focused()
    _tab_to(page, "Delete by keyboard.png")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Cancel")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(cards(page)).to_have_count(4)
    fill(store, 6)
    page.reload()
    expect(cards(page)).to_have_count(8)
    _tab_to(page, "Page 2")
    page.keyboard.press("Enter")
    expect(cards(page)).to_have_count(2)
    page.keyboard.press("Tab")
    expect(page.locator(".results :focus")).to_have_count(1)


def test_every_stop_of_the_tab_key_shows_a_ring(page: Page, store: Client) -> None:
    fill(store, 5)
    open_gallery(page, "?per_page=4")
    expect(cards(page)).to_have_count(4)
    bare: list[str] = []
    for _ in range(MAX_TABS):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement === document.body"):
            break
        ringed = page.evaluate("""() => {
          const node = document.activeElement;
          return [node, node.closest("label") ?? node].map(getComputedStyle)
            .some((style) => style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2);
        }""")
        if not ringed:
            bare.append(page.evaluate("document.activeElement.outerHTML.slice(0, 120)"))
    assert bare == []


def test_one_polite_live_region_tells_of_start_end_and_errors(page: Page, store: Client, provoked: list[str]) -> None:
    provoked.append("Failed to load resource")
    hear(page)
    page.goto("/upload/")
    expect(page.locator("#limits")).to_contain_text("JPEG")
    expect(page.locator("[aria-live]")).to_have_count(1)
    choose(page, *some_files(2), payload("bad.png", b"no picture"))
    expect(rows(page, "done")).to_have_count(2)
    expect(rows(page, "failed")).to_have_count(1)
    until(page, "window.said.some((text) => text.startsWith('2 pictures uploaded'))")
    said = page.evaluate("window.said")
    assert said[0] == "Uploading 3 pictures."
    assert any(text.startswith("bad.png failed.") for text in said)
