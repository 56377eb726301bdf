"""A visitor's browser in front of the stack. A test fails on any error in the console (a breach of
the Content-Security-Policy is one) and on any request to another host."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect

from tests.client import Client
from tests.stack.stack import Stack

PATIENCE: Final = 60_000  # ms; a bound on waiting, not a measure of speed
# Containers that start beside the tests change the machine's network; that is no fault of a page's.
_NETWORK_CHANGED: Final = "Failed to load resource: net::ERR_NETWORK_CHANGED"
# The browser says so where the machine stood still for some seconds; a test says whether it was needed at all.
_NOT_USED_YET: Final = " was preloaded using link preload but not used within a few seconds"
# What the browser says of an answer that a test provoked; it comes with no address of ours to sort by.
_FAILED_REQUEST: Final = "Failed to load resource"

OpenPage = Callable[..., Page]


@pytest.fixture
def store(stack: Stack) -> Client:
    """The stack's store, emptied."""
    client = Client(stack.url)
    client.clear()
    return client


@pytest.fixture
def provoked() -> list[str]:
    """Beginnings of console errors that this test provokes on purpose; a test appends to it."""
    return []


@pytest.fixture
def open_page(browser: Browser, stack: Stack, provoked: list[str]) -> Iterator[OpenPage]:
    """Opens pages in contexts of their own: `open_page(locale="ru-RU", color_scheme="dark")`."""
    expect.set_options(timeout=PATIENCE)
    contexts: list[BrowserContext] = []
    troubles: list[str] = []

    def start(**settings: Any) -> Page:
        defaults: dict[str, Any] = {
            "viewport": {"width": 1280, "height": 900},
            "locale": "en-US",
            "reduced_motion": "reduce",
        }
        context = browser.new_context(base_url=stack.url, **(defaults | settings))
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        page = context.new_page()
        # The browser hands choosers of files to us only while somebody listens. A test that began to listen
        # when it presses the key would race with the key.
        page.on("filechooser", lambda _: None)
        page.on("console", lambda message: _note(message, troubles))
        page.on("pageerror", lambda error: troubles.append(f"uncaught: {error}"))
        page.on("request", lambda request: _stay_home(request.url, stack.url, troubles))
        return page

    yield start
    for context in contexts:
        context.close()
    assert [trouble for trouble in troubles if not trouble.startswith(tuple(provoked))] == []


@pytest.fixture
def page(open_page: OpenPage) -> Page:
    """A visitor at a desk, in English, in the light."""
    return open_page()


def _note(message: ConsoleMessage, troubles: list[str]) -> None:
    of_the_machine = message.text == _NETWORK_CHANGED or _NOT_USED_YET in message.text
    if message.type in {"error", "warning"} and not of_the_machine:
        troubles.append(message.text)


def _stay_home(url: str, home: str, troubles: list[str]) -> None:
    if not url.startswith((f"{home}/", "blob:", "data:")):
        troubles.append(f"a request left the host: {url}")


@pytest.fixture
def failing_requests(provoked: list[str]) -> None:
    """For tests in which requests are meant to fail."""
    provoked.append(_FAILED_REQUEST)
