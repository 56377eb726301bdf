"""A hundred thousand pictures feel like a hundred."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Final

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.actions import cards, open_gallery, until
from tests.client import Client
from tests.stack.stack import Stack

MANY: Final = 100_000
BUDGET: Final = 200  # ms from the click to new pictures in the document
ROUNDS: Final = 5
INSERT: Final = """
INSERT INTO images (key, original_name, name_key, size, width, height, format, uploaded_at, sha256, color, collection)
SELECT 'speed' || n || '.png', 'Picture ' || n || '.png', 'picture ' || n || '.png', 1000 + (n * 7919 + 4321) %% 100000,
       640, 480, 'png', now() - n * interval '1 minute', sha256(n::text::bytea), '#8a7f6b', NULL
FROM generate_series(1, %(rows)s) AS n
"""
# Resolves to the time from the change to other pictures in the document.
TURN: Final = """(change) => new Promise((resolve, reject) => {
  setTimeout(() => reject(new Error("no other pictures came")), 15000);
  const first = () => document.querySelector("#gallery [data-key]")?.dataset.key;
  const before = first();
  const from = performance.now();
  new MutationObserver((_, observer) => {
    if (first() === undefined || first() === before) return;
    observer.disconnect();
    resolve(performance.now() - from);
  }).observe(document.querySelector("#gallery"), { childList: true, subtree: true });
  const [selector, value] = change;
  const control = document.querySelector(`#gallery ${selector}`);
  if (value === null) { control.click(); return; }
  control.value = value;
  control.dispatchEvent(new Event("change", { bubbles: true }));
  if (control.type === "search") control.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true }));
})"""


@pytest.fixture(scope="module")
def crowded(state_root: Path) -> Iterator[Stack]:
    """A stack with a hundred thousand rows, whose files nobody needs here."""
    with Stack(state=state_root / "crowded", workers=2, fsync=False) as stack:
        assert Client(stack.url).list().json["total_items"] == 0
        connection = stack.postgres.login.connect()
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(INSERT, {"rows": MANY})
            cursor.execute("VACUUM ANALYZE images")
        connection.close()
        yield stack


@pytest.fixture
def gallery(browser: Browser, crowded: Stack) -> Iterator[Page]:
    """The gallery of that stack. Its thumbnails are not there, so its console is not looked at."""
    with browser.new_context(base_url=crowded.url, locale="en-US", reduced_motion="reduce") as context:
        page = context.new_page()
        page.route("**/thumbs/**", lambda route: route.fulfill(status=204))
        open_gallery(page, "?per_page=12&page=2")
        expect(cards(page)).to_have_count(12)
        until(page, "document.querySelector('.toolbar-count').textContent.includes('100,000')")
        yield page


@pytest.mark.parametrize(
    ("control", "values"),
    [
        (".pager-step[rel=next]", [None] * ROUNDS),
        (".pager-numbers li:last-child a", [None]),
        (
            ".toolbar .select select",
            ["sort_size desc", "sort_name asc", "sort_age asc", "sort_size asc", "sort_name desc"],
        ),
        ("input[type=search]", ["777", "picture 9", "12.png", "4242", "99"]),
    ],
    ids=["paging", "last page", "sorting", "searching"],
)
def test_new_pictures_are_there_in_a_moment(gallery: Page, control: str, values: list[str | None]) -> None:
    times = [gallery.evaluate(TURN, [control, value]) for value in values]
    print(f"{[round(time) for time in times]} ms")
    assert median(times) <= BUDGET
