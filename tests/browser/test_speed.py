"""A hundred thousand pictures feel like a hundred."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.actions import cards, open_gallery
from tests.browser.conftest import PATIENCE
from tests.client import Client
from tests.pictures import picture
from tests.stack.stack import Stack

MANY: Final = 100_000
FEW: Final = 100
BUDGET: Final = 200  # ms from the click to new pictures in the document
ROUNDS: Final = 5  # of which the quickest counts: what else this machine does only ever adds to a time
SLOWER: Final = 5  # times a hundred's, where the machine itself is too slow for the budget
INSERT: Final = """
INSERT INTO images (key, original_name, name_key, size, width, height, format, uploaded_at, sha256, color, collection)
SELECT 'speed' || n || '.png', 'Picture ' || n || '.png', 'picture ' || n || '.png', 1000 + (n * 7919 + 4321) %% 100000,
       640, 480, 'png', now() - n * interval '1 minute', sha256(n::text::bytea), '#8a7f6b', NULL
FROM (SELECT generate_series(1, %(rows)s) UNION SELECT unnest(ARRAY[777, 4242])) AS numbers (n)
"""
# Resolves to the time from the change to other pictures in the document.
TURN: Final = """(change) => new Promise((resolve, reject) => {
  setTimeout(() => reject(new Error("no other pictures came")), 30000);
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
SORT: Final = ".toolbar .select select"
SIZE: Final = ".toolbar .select + .select select"
SEARCH: Final = "input[type=search]"
LAST: Final = ".pager-numbers li:last-child a"


@contextmanager
def _stack(state: Path, rows: int) -> Iterator[Stack]:
    """A stack with rows whose files nobody needs here."""
    with Stack(state=state, workers=2, fsync=False) as stack:
        assert Client(stack.url).list().json["total_items"] == 0
        connection = stack.postgres.login.connect()
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("SET statement_timeout = 0")
            cursor.execute(INSERT, {"rows": rows})
            cursor.execute("VACUUM ANALYZE images")
        connection.close()
        yield stack


@pytest.fixture(scope="module")
def stacks(state_root: Path) -> Iterator[tuple[Stack, Stack]]:
    """One with many pictures and one with few, on the same machine at the same time."""
    with _stack(state_root / "crowded", MANY) as many, _stack(state_root / "quiet", FEW) as few:
        yield many, few


def _times(browser: Browser, stack: Stack, turns: list[tuple[str, str | None]]) -> list[float]:
    """What each turn takes a new visitor, in ms. The thumbnails are not there, so the console is not looked at."""
    client = Client(stack.url)
    client.delete(client.upload("new.png", picture()).json["filename"])  # lists that were kept are old now
    with browser.new_context(base_url=stack.url, locale="en-US", reduced_motion="reduce") as context:
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        page.route("**/thumbs/**", lambda route: route.fulfill(status=204))
        open_gallery(page, "?per_page=12&page=2")
        expect(cards(page)).to_have_count(12, timeout=PATIENCE)
        return [page.evaluate(TURN, turn) for turn in turns]


@pytest.mark.parametrize(
    "turns",
    [
        [(".pager-step[rel=next]", None)] * 5,
        [(LAST, None), (SIZE, "24"), (LAST, None), (SIZE, "8"), (LAST, None)],
        [(SORT, f"sort_{order}") for order in ("size desc", "name asc", "age asc", "size asc", "name desc")],
        [(SEARCH, words) for words in ("777", "picture 9", "12.png", "4242", "99")],
    ],
    ids=["paging", "last page", "sorting", "searching"],
)
def test_new_pictures_are_there_in_a_moment(
    browser: Browser, stacks: tuple[Stack, Stack], turns: list[tuple[str, str | None]]
) -> None:
    rounds: list[tuple[list[float], list[float]]] = []
    late = turns
    while late and len(rounds) < ROUNDS:
        many, few = stacks
        rounds.append((_times(browser, many, turns), _times(browser, few, turns)))
        of_many, of_few = ([min(times) for times in zip(*column, strict=True)] for column in zip(*rounds, strict=True))
        print(f"{[round(time) for time in of_many]} ms; of {FEW}: {[round(time) for time in of_few]} ms")
        late = [turn for turn, m, f in zip(turns, of_many, of_few, strict=True) if m > max(BUDGET, SLOWER * f)]
    assert late == []
