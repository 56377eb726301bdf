"""The system's Chromium."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from playwright.sync_api import Browser, sync_playwright

_FLAGS: Final = (
    "--no-sandbox --disable-gpu --disable-background-networking --disable-component-update --disable-sync "
    "--no-first-run"
).split()


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser, while the block runs. One at a time: Playwright has one event loop a thread."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    assert path, "no chromium; install it with: sudo apt-get install chromium"
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=_FLAGS)
        yield running
        running.close()
