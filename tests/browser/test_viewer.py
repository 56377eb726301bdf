"""The full-screen viewer."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.actions import cards, fill, focused, freeze, happens, open_gallery, still
from tests.browser.conftest import OpenPage
from tests.client import Client
from tests.pictures import noise, picture

PHONE: Final[dict[str, Any]] = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
SHOWN: Final = ".pswp__item[aria-hidden=false] img.pswp__img:not(.pswp__img--placeholder)"
STEPS: Final = 12  # reports of a moving finger; a fifth of a second, as a hand does it


@pytest.fixture
def phone(open_page: OpenPage) -> Page:
    """A visitor with a phone in the hand."""
    return open_page(**PHONE)


@pytest.fixture
def ten(store: Client) -> list[str]:
    """Ten pictures; the gallery shows them newest first, `picture 010.png` to `picture 001.png`."""
    return fill(store, 10)


def _open(page: Page, query: str, number: int) -> None:
    open_gallery(page, query)
    page.locator("[data-action=open]").nth(number - 1).click()
    expect(page.locator(".pswp--open")).to_be_visible()


def _shows(page: Page, index: int, total: int) -> None:
    expect(page.locator(".viewer-count")).to_have_text(f"{index} of {total}")
    expect(page.locator(".viewer-name")).to_have_text(f"picture {total + 1 - index:03}.png")


def test_enter_opens_and_escape_closes_with_the_focus_back_on_the_thumbnail(page: Page, ten: list[str]) -> None:
    open_gallery(page, "?per_page=4")
    page.locator("[data-action=open]").nth(1).focus()
    page.keyboard.press("Enter")
    _shows(page, 2, 10)
    page.keyboard.press("Escape")
    expect(page.locator(".pswp")).to_have_count(0)
    expect(page.locator(f"[data-key='{ten[8]}'] [data-action=open]")).to_be_focused()


def test_arrows_home_and_end_cross_the_borders_of_pages(page: Page, ten: list[str]) -> None:
    _open(page, "?per_page=4", 4)
    _shows(page, 4, 10)
    page.keyboard.press("ArrowRight")
    _shows(page, 5, 10)
    expect(page).to_have_url(re.compile(rf"[?&]page=2&.*image={ten[5]}"))
    page.keyboard.press("End")
    _shows(page, 10, 10)
    page.keyboard.press("ArrowRight")
    _shows(page, 10, 10)
    page.keyboard.press("Home")
    _shows(page, 1, 10)
    page.keyboard.press("ArrowLeft")
    _shows(page, 1, 10)


def test_closing_on_another_page_turns_the_gallery_to_it(page: Page, ten: list[str]) -> None:
    _open(page, "?per_page=4", 4)
    page.keyboard.press("ArrowRight")
    _shows(page, 5, 10)
    page.keyboard.press("Escape")
    expect(page.locator(".card-name")).to_have_text([f"picture {n:03}.png" for n in (6, 5, 4, 3)])
    expect(page.locator(f"[data-key='{ten[5]}'] [data-action=open]")).to_be_focused()
    expect(page).to_have_url(re.compile(r"[?&]page=2&(?!.*image=)"))


def test_back_closes_the_viewer_and_stays_in_the_gallery(page: Page, ten: list[str]) -> None:
    _open(page, "?per_page=4", 2)
    _shows(page, 2, 10)
    page.go_back()
    expect(page.locator(".pswp")).to_have_count(0)
    expect(cards(page)).to_have_count(4)
    expect(page).to_have_url(re.compile(r"/images/(?!.*image=)"))


def test_a_link_to_a_picture_opens_it_and_back_closes_it(page: Page, ten: list[str]) -> None:
    page.goto(f"/images/?per_page=4&page=2&image={ten[4]}")
    _shows(page, 6, 10)
    page.go_back()
    expect(page.locator(".pswp")).to_have_count(0)
    expect(page.locator(".card-name")).to_have_text([f"picture {n:03}.png" for n in (6, 5, 4, 3)])


def test_a_link_to_a_picture_works_wherever_the_picture_is_now(page: Page, ten: list[str]) -> None:
    page.goto(f"/images/?per_page=4&image={ten[0]}")
    expect(page.locator(".viewer-name")).to_have_text("picture 001.png")
    page.keyboard.press("Escape")
    expect(page.locator(".pswp")).to_have_count(0)
    expect(cards(page)).to_have_count(4)


@pytest.mark.usefixtures("failing_requests", "ten")
def test_a_link_to_a_deleted_picture_says_so(page: Page) -> None:
    page.goto("/images/?image=aaaaaaaaaaaa.png")
    expect(page.locator(".toast")).to_contain_text("not here any more")
    expect(page).to_have_url(re.compile(r"/images/(?!.*image=)"))


@pytest.mark.usefixtures("ten")
def test_d_downloads_and_c_copies(page: Page) -> None:
    page.add_init_script("Object.defineProperty(window, 'isSecureContext', { value: false })")
    page.add_init_script("document.addEventListener('copy', () => { window.copied = document.activeElement.value })")
    _open(page, "", 1)
    with page.expect_download() as download:
        page.keyboard.press("d")
    assert download.value.suggested_filename == "picture 010.png"
    freeze(page)
    page.keyboard.press("c")
    expect(page.locator(".toast")).to_have_text("Copied")
    assert re.match(r"^http://.*/images/\w+\.png$", page.evaluate("window.copied"))


def test_the_fitting_thumbnail_comes_first_and_zooming_loads_the_original(page: Page, store: Client) -> None:
    key = store.upload("large.jpg", noise(2600, 1800, form="JPEG", quality=60)).json["filename"]
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    _open(page, "", 1)
    picture_shown = page.locator(SHOWN)
    expect(picture_shown).to_be_visible()
    assert picture_shown.evaluate("image => image.decode().then(() => image.currentSrc)").endswith(
        f"/thumbs/1280/{key}"
    )
    assert not any(url.endswith(f"/images/{key}") for url in asked)
    with page.expect_request(lambda request: request.url.endswith(f"/images/{key}")):
        page.keyboard.press("z")


def test_something_that_moves_is_shown_as_it_is(page: Page, store: Client) -> None:
    key = store.upload("dance.gif", picture(500, 400, form="GIF")).json["filename"]
    _open(page, "", 1)
    image = page.locator(SHOWN)
    expect(image).to_have_attribute("src", f"/images/{key}")


def test_the_viewer_is_not_loaded_before_it_is_used(page: Page, ten: list[str]) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    open_gallery(page)
    page.wait_for_load_state("networkidle")
    assert not any("photoswipe" in url for url in asked)


def test_the_focus_stays_inside(page: Page, ten: list[str]) -> None:
    _open(page, "", 1)
    seen = set()
    for _ in range(12):
        page.keyboard.press("Tab")
        assert page.evaluate(
            "document.activeElement.closest('.pswp') !== null || document.activeElement === document.body"
        )
        seen.add(focused(page))
    assert {"Close (Esc)", "Download (D)", "Copy link (C)"} <= seen


def test_a_long_name_leaves_the_buttons_their_room_on_a_phone(page: Page, store: Client) -> None:
    page.set_viewport_size({"width": 320, "height": 640})
    store.upload("a name that goes on and on " * 8 + ".png", picture(400, 300))
    _open(page, "", 1)
    expect(page.locator(".viewer-name")).to_contain_text("a name that goes on")
    still(page)
    for label in ("Close (Esc)", "Download (D)", "Copy link (C)"):
        box = page.locator(".pswp").get_by_label(label).bounding_box()
        assert box
        assert box["width"] >= 44
        assert box["x"] + box["width"] <= 320


def _width(shape: Locator) -> float:
    box = shape.bounding_box()
    return box["width"] if box else 0


class _Fingers:
    """Fingers on the screen of a phone, as the system reports them."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._protocol = page.context.new_cdp_session(page)

    def move(self, *ways: tuple[int, int], y: int = 420) -> None:
        """One finger a way, all at the same height: down at its start, up at its end."""
        self._send("touchStart", [start for start, _ in ways], y)
        for step in range(1, STEPS + 1):
            self._send("touchMove", [start + (end - start) * step / STEPS for start, end in ways], y)
            self._page.wait_for_timeout(16)  # a frame, or the viewer sees one jump
        self._send("touchEnd", [], y)

    def _send(self, kind: str, across: Sequence[float], y: int) -> None:
        points = [{"x": x, "y": y, "id": finger} for finger, x in enumerate(across)]
        self._protocol.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})


def test_a_swipe_turns_to_the_next_picture_and_back(phone: Page, ten: list[str]) -> None:
    _open(phone, "", 1)
    _shows(phone, 1, 10)
    fingers = _Fingers(phone)
    fingers.move((330, 60))
    _shows(phone, 2, 10)
    expect(phone).to_have_url(re.compile(f"image={ten[8]}"))
    fingers.move((60, 330))
    _shows(phone, 1, 10)


def test_a_pinch_enlarges_the_picture_and_loads_the_original(phone: Page, store: Client) -> None:
    key = store.upload("large.jpg", noise(2600, 1800, form="JPEG", quality=60)).json["filename"]
    asked: list[str] = []
    phone.on("request", lambda request: asked.append(request.url.removeprefix(store.url)))
    _open(phone, "", 1)
    shown = phone.locator(SHOWN)
    expect(shown).to_be_visible()
    still(phone)
    before = shown.bounding_box()
    assert before
    assert f"/images/{key}" not in asked
    with phone.expect_request(f"**/images/{key}"):
        _Fingers(phone).move((180, 20), (210, 370))
    happens(phone, lambda: _width(shown) > before["width"] * 1.5, "the picture is half as large again")


@pytest.mark.parametrize(("wish", "moves"), [("reduce", False), ("no-preference", True)])
def test_the_viewer_moves_only_for_those_who_like_it(
    open_page: OpenPage, ten: list[str], wish: str, moves: bool
) -> None:
    page = open_page(reduced_motion=wish)
    page.add_init_script("""
      window.longest = 0;
      document.addEventListener("transitionrun", (event) => {
        if (!event.target.closest(".pswp")) return;
        for (const { effect } of event.target.getAnimations())
          window.longest = Math.max(window.longest, effect.getComputedTiming().duration);
      });
      // A transition that is over when its beginning is told says at its end how long it took.
      for (const name of ["transitionend", "transitioncancel"]) document.addEventListener(name, (event) => {
        if (event.target.closest(".pswp")) window.longest = Math.max(window.longest, event.elapsedTime * 1000);
      });
    """)
    _open(page, "", 1)
    expect(page.locator(".pswp--ui-visible")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".pswp")).to_have_count(0)
    assert (page.evaluate("window.longest") > 50) is moves
