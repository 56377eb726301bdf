"""What every page has in common: room on narrow screens, round corners, and a place on the home screen."""

from __future__ import annotations

import re
from typing import Final

import pytest
from playwright.sync_api import Page, expect

from tests.browser.actions import choose, fill, open_gallery, payload, ready, rows, still
from tests.browser.conftest import OpenPage
from tests.client import Client
from tests.pictures import picture

NARROW: Final = {"width": 320, "height": 640}  # what WCAG 1.4.10 asks for
FINGER: Final = 44  # CSS pixels a touch target measures at least, either way
NOTCH: Final = {"top": 40, "bottom": 34, "left": 0, "right": 0}
LONG_NAME: Final = "a-name-without-any-place-to-break-it-" * 5 + ".png"
# Links within sentences are exempt (WCAG 2.5.8); what is out of sight cannot be touched.
TARGETS: Final = """(finger) => [...document.querySelectorAll("a, button, select, input, label.drop-target")]
  .filter((node) => !node.matches(".skip, .visually-hidden, p a, [type=radio]") && node.checkVisibility())
  .filter((node) => Math.min(node.getBoundingClientRect().width, node.getBoundingClientRect().height) < finger)
  .map((node) => node.outerHTML.slice(0, 120))"""
# The contrast of the focus ring with what lies around it, as WCAG 2.2 (2.4.11, 1.4.11) counts it.
RING: Final = """() => {
  const light = (color) => {
    const context = document.createElement("canvas").getContext("2d");
    context.fillStyle = color;
    context.fillRect(0, 0, 1, 1);
    const [r, g, b] = [...context.getImageData(0, 0, 1, 1).data].map((part) => {
      const share = part / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const node = document.activeElement;
  const ringed = [node, node.closest("label") ?? node].find((one) => getComputedStyle(one).outlineStyle !== "none");
  if (!ringed) return 0;
  const ring = light(getComputedStyle(ringed).outlineColor);
  const ground = light(getComputedStyle(document.documentElement).backgroundColor);
  return (Math.max(ring, ground) + 0.05) / (Math.min(ring, ground) + 0.05);
}"""


def _queue(page: Page) -> None:
    page.goto("/upload/")
    choose(page, payload(LONG_NAME, picture(300, 200)), payload("no.png", b"no picture"))
    expect(rows(page, "done")).to_have_count(1)
    expect(rows(page, "failed")).to_have_count(1)


def _dialog(page: Page) -> None:
    open_gallery(page)
    page.locator("[data-action=delete]").first.click()
    expect(page.get_by_role("dialog")).to_be_visible()


def _viewer(page: Page) -> None:
    open_gallery(page)
    page.locator("[data-action=open]").first.click()
    expect(page.locator(".pswp--ui-visible")).to_be_visible()


def _welcome(page: Page) -> None:
    page.goto("/")
    ready(page)


@pytest.mark.usefixtures("failing_requests")
@pytest.mark.parametrize("locale", ["en-US", "ru-RU"])
def test_every_state_fits_a_narrow_screen_and_a_finger(open_page: OpenPage, store: Client, locale: str) -> None:
    store.upload(LONG_NAME, picture(900, 300))
    page = open_page(viewport=NARROW, is_mobile=True, has_touch=True, locale=locale)
    troubles: list[str] = []
    for state in (_welcome, _queue, _dialog, _viewer):
        state(page)
        still(page)
        if page.evaluate("document.documentElement.scrollWidth") > NARROW["width"]:
            troubles.append(f"{state.__name__} scrolls sideways")
        troubles += [f"{state.__name__}: less than {FINGER} pixels: {html}" for html in page.evaluate(TARGETS, FINGER)]
    assert not troubles, "\n".join(troubles)


def test_a_notch_and_a_home_bar_cover_nothing(open_page: OpenPage, store: Client) -> None:
    page = open_page(viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True)
    protocol = page.context.new_cdp_session(page)
    protocol.send("Emulation.setSafeAreaInsetsOverride", {"insets": NOTCH})
    open_gallery(page)
    still(page)
    logo = page.locator(".logo").bounding_box()
    assert logo
    assert logo["y"] >= NOTCH["top"]
    end = page.evaluate("""() => {
      window.scrollTo(0, document.documentElement.scrollHeight);
      return innerHeight - Math.max(...[...document.querySelectorAll(".bottom *")]
        .map((node) => node.getBoundingClientRect().bottom));
    }""")
    assert round(end) >= NOTCH["bottom"]


def test_a_cutout_at_the_side_of_a_turned_phone_covers_nothing(open_page: OpenPage, store: Client) -> None:
    page = open_page(viewport={"width": 844, "height": 390}, is_mobile=True, has_touch=True)
    cutout = {"left": 59, "right": 59, "top": 0, "bottom": 21}
    page.context.new_cdp_session(page).send("Emulation.setSafeAreaInsetsOverride", {"insets": cutout})
    fill(store, 3)
    open_gallery(page)
    still(page)
    boxes = [box for part in (".logo", "main img") if (box := page.locator(part).first.bounding_box())]
    assert len(boxes) == 2
    assert all(box["x"] >= cutout["left"] and box["x"] + box["width"] <= 844 - cutout["right"] for box in boxes)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_focus_ring_stands_out(open_page: OpenPage, store: Client, theme: str) -> None:
    fill(store, 1)
    page = open_page(color_scheme=theme)
    open_gallery(page)
    ready(page)
    contrasts: list[float] = []
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement === document.body"):
            break
        contrasts.append(page.evaluate(RING))
    assert len(contrasts) > 10
    assert min(contrasts) >= 3


def test_the_pages_can_be_installed(page: Page) -> None:
    page.goto("/upload/", wait_until="networkidle")
    protocol = page.context.new_cdp_session(page)
    manifest = protocol.send("Page.getAppManifest")
    assert manifest["errors"] == []
    assert manifest["url"].endswith("/static/manifest.webmanifest")
    obstacles = {error["errorId"] for error in protocol.send("Page.getInstallabilityErrors")["installabilityErrors"]}
    assert obstacles <= {"in-incognito"}  # which is what a context of a test's own is
    sizes = page.evaluate("""async () => {
      const { icons } = await (await fetch(document.querySelector("link[rel=manifest]").href)).json();
      return Promise.all(icons.map(async ({ src, sizes }) => {
        const image = new Image();
        image.src = src;
        await image.decode();
        return [sizes, `${image.naturalWidth}x${image.naturalHeight}`];
      }));
    }""")
    assert {stated for stated, _ in sizes} >= {"192x192", "512x512"}
    assert all(stated in {"any", real} for stated, real in sizes)


def test_tabs_turn_without_loading_a_page_and_back_turns_them_too(page: Page, store: Client) -> None:
    fill(store, 2)
    page.goto("/upload/")
    expect(page.locator("#limits")).to_contain_text("JPEG")
    page.evaluate("window.same_document = true")
    page.get_by_role("link", name="Images", exact=True).click()
    expect(page.locator("#images-view [data-key]")).to_have_count(2)
    expect(page).to_have_url(re.compile("/images/$"))
    page.get_by_role("link", name="Upload", exact=True).click()
    expect(page.locator("#upload-view")).to_be_visible()
    expect(page).to_have_url(re.compile("/upload/$"))
    page.go_back()
    expect(page.locator("#images-view [data-key]")).to_have_count(2)
    expect(page.get_by_role("link", name="Images", exact=True)).to_have_attribute("aria-current", "page")
    assert page.evaluate("window.same_document === true")
