"""What visitors do, in their words."""

from __future__ import annotations

import base64
import io
import json
from pathlib import Path
from typing import Any, Final

from PIL import Image, ImageOps
from playwright.sync_api import FilePayload, Locator, Page, expect

from tests.client import Client
from tests.pictures import PHOTOS, picture

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
    until(page, "document.getElementById('theme') !== null")
    page.evaluate(_DROP, _portable(files))


def paste(page: Page, *files: FilePayload, into: str = "body") -> None:
    """From the clipboard."""
    until(page, "document.getElementById('theme') !== null")
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
    expect(page.locator("#gallery .results:not([data-state=loading])")).to_be_visible()
    until(page, "document.querySelector('#gallery .results').children.length > 0")


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
    for _ in range(300):
        if page.evaluate(condition):
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"never true: {condition}")
