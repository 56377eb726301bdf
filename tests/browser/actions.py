"""What visitors do, in their words."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from PIL import Image, ImageOps
from playwright.sync_api import FilePayload, Locator, Page, expect

from tests.client import Client
from tests.pictures import PHOTOS, picture

_LOOKS: Final = 1200  # at 50 ms each: a bound on waiting, not a measure of speed
_TRANSFER: Final = """
    const transfer = new DataTransfer();
    for (const file of files) {
      const bytes = Uint8Array.from(atob(file.data), (c) => c.charCodeAt(0));
      transfer.items.add(new File([bytes], file.name, { type: file.type }));
    }
"""
_DROP: Final = f"""(files) => {{ {_TRANSFER}
    const target = document.querySelector("main");
    for (const type of ["dragenter", "dragover", "drop"])
      target.dispatchEvent(new DragEvent(type, {{ dataTransfer: transfer, bubbles: true, cancelable: true }}));
}}"""
_HEAR: Final = """
  window.said = [];
  new MutationObserver((changes) => {
    for (const { target, addedNodes } of changes)
      if (target.id === "live") for (const node of addedNodes) window.said.push(node.textContent);
  }).observe(document, { childList: true, subtree: true });
"""
_STILL: Final = """() => document.fonts.ready.then(() =>
  new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))))"""
_FREEZE: Final = """(() => {
  const later = window.setTimeout;
  window.setTimeout = (run, delay = 0, ...rest) => (delay < 1000 ? later(run, delay, ...rest) : 0);
})()"""
_PASTE: Final = f"""({{ files, into }}) => {{ {_TRANSFER}
    document.querySelector(into).dispatchEvent(
      new ClipboardEvent("paste", {{ clipboardData: transfer, bubbles: true, cancelable: true }}));
}}"""


def payload(name: str, data: bytes, kind: str = "image/png") -> FilePayload:
    """A file that has no path."""
    return {"name": name, "mimeType": kind, "buffer": data}


def some_files(count: int) -> list[FilePayload]:
    """Small pictures, each of its own."""
    return [payload(f"picture {number:02}.png", picture(40, 30)) for number in range(1, count + 1)]


def choose(page: Page, *files: FilePayload) -> None:
    """By the button."""
    page.set_input_files("#file-input", list(files))


def drop(page: Page, *files: FilePayload) -> None:
    """Onto the page."""
    ready(page)
    page.evaluate(_DROP, _portable(files))


def paste(page: Page, *files: FilePayload, into: str = "body") -> None:
    """From the clipboard."""
    ready(page)
    page.evaluate(_PASTE, {"files": _portable(files), "into": into})


def _portable(files: tuple[FilePayload, ...]) -> list[dict[str, str]]:
    return [
        {"name": file["name"], "type": file["mimeType"], "data": base64.b64encode(file["buffer"]).decode()}
        for file in files
    ]


def fill(store: Client, count: int) -> list[str]:
    """Put pictures into the store, oldest first; their filenames."""
    keys: list[str] = []
    for number in range(1, count + 1):
        keys.append(store.upload(f"picture {number:03}.png", picture(160, 120)).json["filename"])
    return keys


def fill_photos(store: Client) -> None:
    """The real photographs."""
    for photo in PHOTOS:
        assert store.upload(photo.name, photo.read_bytes()).status == 201


def large_photograph(photo: Path) -> bytes:
    """A photograph as a good camera would have taken it: 12 megapixels, about five megabytes, with grain."""
    size = (4000, 3000)
    with Image.open(photo) as opened:
        enlarged = ImageOps.fit(opened.convert("RGB"), size)
    grain = Image.effect_noise(size, 40).convert("RGB")
    file = io.BytesIO()
    Image.blend(enlarged, grain, 0.18).save(file, "JPEG", quality=94)
    return file.getvalue()


def cards(page: Page) -> Locator:
    """The pictures on the gallery's page."""
    return page.locator("#images-view [data-key]")


def names(page: Page) -> list[str]:
    """Their names, in order."""
    return page.locator("#images-view :is(.card-name, .row-name)").all_text_contents()


def open_gallery(page: Page, query: str = "") -> None:
    """Go to the gallery and wait for its first answer."""
    page.goto(f"/images/{query}")
    expect(page.locator("#gallery .results:not([data-state=loading]) > *").first).to_be_visible()


def rows(page: Page, state: str = "") -> Locator:
    """The files in the queue, all or those in one state."""
    return page.locator(f".upload[data-state={state}]" if state else ".upload")


def remember(page: Page, key: str, value: Any) -> None:
    """What this browser remembers from an earlier visit."""
    text = value if isinstance(value, str) else json.dumps(value)
    page.add_init_script(f"localStorage.setItem('shoebox.{key}', {json.dumps(text)})")


def focused(page: Page) -> str:
    """What has the focus: its label, or its text."""
    return page.evaluate("""() => {
      const node = document.activeElement;
      return (node.getAttribute("aria-label") || node.textContent.trim() || node.querySelector("img")?.alt) ?? "";
    }""")


def until(page: Page, condition: str) -> None:
    """Wait for a condition; Playwright's own way needs `unsafe-eval`, which our pages forbid."""
    happens(page, lambda: bool(page.evaluate(condition)), condition)


def happens(page: Page, condition: Callable[[], bool], what: str) -> None:
    """Wait for a condition on our side; Playwright's events, requests held back among them, come meanwhile."""
    for _ in range(_LOOKS):
        if condition():
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"never true: {what}")


def ready(page: Page) -> None:
    """Wait until the page listens: its own scripts add the switches at its foot after everything else."""
    until(page, "document.getElementById('theme') !== null")


def still(page: Page) -> None:
    """Wait until what was changed is laid out, drawn and told to the page's listeners, in its own fonts."""
    page.evaluate(_STILL)


def freeze(page: Page) -> None:
    """From now on what the page wants to do in a second or later never comes: what it shows for a moment stays, and
    it looks for no changes. It may still ask again for a file that got lost on the way."""
    page.add_init_script(_FREEZE)
    page.evaluate(_FREEZE)


def stop_clock(page: Page) -> None:
    """Once the page is there: its time goes on only by `page.clock.run_for`."""
    page.clock.install()
    page.clock.pause_at(datetime.now(UTC) + timedelta(seconds=1))


def hear(page: Page) -> None:
    """Collect what the live region of the next page says in `window.said`; sentences leave it after a while."""
    page.add_init_script(_HEAR)
