"""Who plays the older systems' clients."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.dialects.play import Curl, OldPage
from tests.pictures import picture
from tests.stack.embedded import Embedded
from tests.stack.stack import Stack

PATIENCE = 60_000  # ms


@pytest.fixture
def curl(topology: Embedded | Stack, tmp_path: Path) -> Curl:
    """curl in a folder with `photo.png` and `notes.txt`."""
    (tmp_path / "photo.png").write_bytes(picture())
    (tmp_path / "notes.txt").write_text("no picture")
    return Curl(tmp_path, topology.url)


@pytest.fixture
def old_page(topology: Embedded | Stack, browser: Browser) -> Iterator[OldPage]:
    """A browser in which a page of an older system can be opened."""
    context = browser.new_context()
    context.set_default_timeout(PATIENCE)
    yield OldPage(context.new_page(), topology.url)
    context.close()
