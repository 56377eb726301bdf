"""`python -m tests.browser.screenshots [FOLDER]`: fresh pictures of the pages for the README.

Starts a stack of its own, fills it with the photographs under tests/data, and writes PNG files of
at most 300 kB.
"""

from __future__ import annotations

import io
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from PIL import Image, ImageOps
from playwright.sync_api import Browser, Page, expect

from tests.browser.actions import cards, choose, open_gallery, payload, rows, until
from tests.browser.conftest import PATIENCE
from tests.chromium import chromium
from tests.client import Client
from tests.pictures import PHOTOS
from tests.stack.stack import Stack

FOLDER: Final = Path(__file__).parents[2] / "docs" / "screenshots"
MAX_BYTES: Final = 300_000  # a README with six of these still opens at once
DESK: Final = {"width": 1280, "height": 900}
PHONE: Final = {"width": 390, "height": 844}
# An upload that takes long enough to be looked at; bytes a second and ms.
SLOW: Final = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 150_000}
COLORS: Final = (256, 128, 64, 32)
# Which part of which photograph, cut how: a small collection that looks like somebody's.
CUTS: Final = (
    ("rocket", "Launch at dawn.jpg", (1600, 1067), (0.5, 0.5)),
    ("chelsea", "Chelsea, half asleep.jpg", (1200, 900), (0.4, 0.4)),
    ("coffee", "Утренний кофе.jpg", (1200, 800), (0.5, 0.5)),
    ("hubble_deep_field", "Ten thousand galaxies.jpg", (1400, 1000), (0.3, 0.6)),
    ("astronaut", "Eileen Collins.jpg", (1000, 1000), (0.5, 0.0)),
    ("hubble_deep_field", "Deep field panorama.jpg", (1800, 520), (0.6, 0.4)),
    ("chelsea", "🐾 whiskers.jpg", (900, 1100), (0.6, 0.3)),
    ("coffee", "espresso-detail.jpg", (900, 700), (0.8, 0.9)),
    ("rocket", "Tower.jpg", (700, 1000), (0.2, 0.5)),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot:
    """One picture: where to stand, and what to do there first."""

    name: str
    arrange: Callable[[Page], None]
    dark: bool = False
    phone: bool = False


def main(folder: Path) -> None:
    """Write every shot."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="shoebox-") as state:
        Path(state).chmod(0o755)
        with Stack(state=Path(state) / "stack", workers=2, fsync=False) as stack, chromium() as browser:
            expect.set_options(timeout=PATIENCE)
            client = Client(stack.url)
            for cut in reversed(CUTS):
                assert client.upload(cut[1], _cut(*cut)).status == 201
            for shot in SHOTS:
                size = _take(browser, stack.url, shot, folder / f"{shot.name}.png")
                print(f"{shot.name}.png {size} bytes")


def _cut(photo: str, _name: str, size: tuple[int, int], centering: tuple[float, float]) -> bytes:
    source = next(path for path in PHOTOS if path.stem == photo)
    file = io.BytesIO()
    with Image.open(source) as opened:
        ImageOps.fit(opened.convert("RGB"), size, centering=centering).save(file, "JPEG", quality=88)
    return file.getvalue()


def _take(browser: Browser, url: str, shot: Shot, path: Path) -> int:
    settings: dict[str, Any] = {"base_url": url, "locale": "en-US", "reduced_motion": "reduce"}
    settings |= {"color_scheme": "dark" if shot.dark else "light", "viewport": PHONE if shot.phone else DESK}
    if shot.phone:
        settings |= {"device_scale_factor": 2, "is_mobile": True, "has_touch": True}
    with browser.new_context(**settings) as context:
        page = context.new_page()
        shot.arrange(page)
        page.wait_for_timeout(1500)  # for thumbnails and fonts; an upload that is held keeps the network busy
        return _save(page.screenshot(), path)


def _save(png: bytes, path: Path) -> int:
    """The picture with as many colours as fit into `MAX_BYTES`."""
    with Image.open(io.BytesIO(png)) as opened:
        picture = opened.convert("RGB")
    for colors in COLORS:
        picture.quantize(colors, dither=Image.Dither.FLOYDSTEINBERG).save(path, optimize=True)
        if path.stat().st_size <= MAX_BYTES:
            break
    return path.stat().st_size


def _welcome(page: Page) -> None:
    page.add_init_script("Math.random = () => 0")
    page.goto("/")
    until(page, "document.getElementById('theme') !== null")


def _queue(page: Page) -> None:
    page.goto("/upload/")
    expect(page.locator("#limits")).to_contain_text("JPEG")
    files = [payload(name, _cut(photo, name, size, centre), "image/jpeg") for photo, name, size, centre in CUTS[:6]]
    choose(page, *files[:2], payload("notes.pdf", b"%PDF-1.7" + bytes(183_000), "application/pdf"))
    expect(rows(page, "done")).to_have_count(2)
    protocol = page.context.new_cdp_session(page)
    protocol.send("Network.enable")
    protocol.send("Network.emulateNetworkConditions", SLOW)
    choose(page, *files[2:])
    expect(rows(page, "queued")).to_have_count(1)


def _gallery(page: Page) -> None:
    open_gallery(page, "?per_page=8")
    expect(cards(page)).to_have_count(8)


def _viewer(page: Page) -> None:
    _gallery(page)
    page.locator("[data-action=open]").first.click()
    expect(page.locator(".pswp--ui-visible")).to_be_visible()


SHOTS: Final = (
    Shot(name="welcome", arrange=_welcome),
    Shot(name="gallery", arrange=_gallery),
    Shot(name="gallery-dark", arrange=_gallery, dark=True),
    Shot(name="viewer", arrange=_viewer),
    Shot(name="phone", arrange=_gallery, phone=True),
    Shot(name="upload", arrange=_queue),
)

if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
