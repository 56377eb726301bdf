"""What the pages weigh, and how they feel on a slow phone."""

from __future__ import annotations

import gzip
from typing import Any, Final

import pytest
from playwright.sync_api import Page, expect

from tests.browser.actions import cards, large_photograph, open_gallery
from tests.browser.conftest import OpenPage
from tests.client import Client
from tests.pictures import PHOTOS

SCRIPT_BUDGET: Final = 40_000  # bytes of gzip before the viewer opens
PHOTOGRAPH: Final = 4_800_000  # bytes; about five megabytes, as the camera has it
PAGE_BUDGET: Final = 600_000  # bytes on the wire for a page of twelve photographs
PAINT_BUDGET: Final = 2500  # ms to the largest paint on the slow phone
SHIFT_BUDGET: Final = 0.01
SLOW: Final = {"offline": False, "latency": 150, "downloadThroughput": 1.6e6 / 8, "uploadThroughput": 750e3 / 8}
PHONE: Final[dict[str, Any]] = {
    "viewport": {"width": 390, "height": 844},
    "device_scale_factor": 3,
    "is_mobile": True,
    "has_touch": True,
}
WATCH: Final = """
  window.paint = 0; window.shift = 0;
  new PerformanceObserver((list) => { for (const e of list.getEntries()) window.paint = e.startTime; })
    .observe({ type: "largest-contentful-paint", buffered: true });
  new PerformanceObserver((list) => { for (const e of list.getEntries()) window.shift += e.value; })
    .observe({ type: "layout-shift", buffered: true });
"""


@pytest.mark.parametrize("path", ["/", "/upload/", "/images/"])
def test_script_stays_within_its_budget(page: Page, store: Client, path: str) -> None:
    store.upload(PHOTOS[0].name, PHOTOS[0].read_bytes())
    scripts: dict[str, bytes] = {}
    page.on(
        "response",
        lambda response: (
            scripts.update({response.url: response.body()})
            if "javascript" in (response.header_value("content-type") or "")
            else None
        ),
    )
    page.goto(path)
    expect(page.locator("#theme")).to_be_visible()
    page.wait_for_timeout(500)
    assert scripts
    assert sum(len(gzip.compress(body, 5)) for body in scripts.values()) <= SCRIPT_BUDGET


@pytest.mark.parametrize(
    ("path", "later"),
    [
        ("/", set()),
        ("/upload/", {"gallery", "image-card", "toolbar", "states", "pager", "confirm-delete", "state", "thumbnails"}),
        ("/images/", {"upload", "upload-list", "upload-queue"}),
    ],
)
def test_a_page_asks_at_once_for_every_module_it_shows_itself_with(page: Page, path: str, later: set[str]) -> None:
    asked: set[str] = set()
    page.on("request", lambda request: asked.add(request.url))
    page.goto(path)
    expect(page.locator("#theme")).to_be_visible()
    page.wait_for_load_state("networkidle")
    announced = page.locator("link[rel=modulepreload], script[src]").evaluate_all(
        "nodes => nodes.map(node => node.href || node.src)"
    )
    modules = {url for url in asked if url.endswith(".js")}
    assert set(announced) <= modules
    assert {url.rpartition("/")[2].removesuffix(".js") for url in modules - set(announced)} == later


@pytest.mark.timeout(240)
def test_twelve_large_photographs_show_soon_on_a_slow_phone(open_page: OpenPage, store: Client) -> None:
    photographs = [large_photograph(photo) for photo in PHOTOS]
    assert min(map(len, photographs)) >= PHOTOGRAPH
    for number in range(12):
        assert store.upload(f"photo {number}.jpg", photographs[number % len(photographs)]).status == 201
    page = open_page(**PHONE)
    page.add_init_script(WATCH)
    protocol = page.context.new_cdp_session(page)
    protocol.send("Network.enable")
    open_gallery(page, "?per_page=12")  # thumbnails are made once, by the first visitor
    expect(cards(page)).to_have_count(12)
    page.wait_for_load_state("networkidle")
    protocol.send("Network.clearBrowserCache")
    protocol.send("Network.emulateNetworkConditions", SLOW)
    protocol.send("Emulation.setCPUThrottlingRate", {"rate": 4})
    received: list[int] = []
    protocol.on("Network.loadingFinished", lambda event: received.append(int(event["encodedDataLength"])))
    page.goto("/images/?per_page=12")
    expect(cards(page)).to_have_count(12)
    page.wait_for_timeout(6000)
    paint, shift = page.evaluate("[window.paint, window.shift]")
    print(f"largest paint {paint:.0f} ms, shift {shift:.4f}, {sum(received)} bytes in {len(received)} answers")
    assert shift <= SHIFT_BUDGET
    assert sum(received) <= PAGE_BUDGET
    assert paint <= PAINT_BUDGET
