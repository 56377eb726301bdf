"""The pure modules, called as the pages call them, and the pages' own shape."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Page

FRONTEND: Final = Path(__file__).parents[2] / "services" / "frontend"
JS: Final = FRONTEND / "static" / "js"


def _call(page: Page, module: str, expression: str) -> Any:
    """`expression` with the module's exports as `m`. The import is the page's own: the CSP holds."""
    page.goto("/")
    return page.evaluate(f"import('/static/js/lib/{module}.js').then((m) => {expression})")


@pytest.mark.parametrize(
    ("page_number", "total", "expected"),
    [
        (1, 1, [1]),
        (1, 5, [1, 2, 3, 4, 5]),
        (1, 9, [1, 2, 3, 4, 5, None, 9]),
        (5, 9, [1, None, 4, 5, 6, None, 9]),
        (9, 9, [1, None, 5, 6, 7, 8, 9]),
        (4, 7, [1, 2, 3, 4, 5, 6, 7]),
    ],
)
def test_a_pager_shows_ends_and_neighbours(
    page: Page, page_number: int, total: int, expected: list[int | None]
) -> None:
    assert _call(page, "state", f"m.pagerNumbers({page_number}, {total})") == expected


def test_an_address_and_its_state_are_two_forms_of_one_thing(page: Page) -> None:
    turned = (
        "m.parse(m.format({ ...m.DEFAULTS, page: 3, perPage: 24, sort: 'sort_name', direction: 'asc', q: 'a&b=ю' }))"
    )
    state = _call(page, "state", turned)
    assert (state["page"], state["perPage"], state["sort"], state["direction"], state["q"]) == (
        3, 24, "sort_name", "asc", "a&b=ю",
    )  # fmt: skip


@pytest.mark.parametrize(
    "query", ["?page=0", "?page=-1", "?page=x", "?per_page=101", "?sort_param=evil", "?view=plain"]
)
def test_what_makes_no_sense_in_an_address_counts_as_absent(page: Page, query: str) -> None:
    assert _call(page, "state", f"[m.parse('{query}'), m.parse('')]")[0] == _call(page, "state", "m.parse('')")


def test_every_change_of_order_starts_again_at_the_first_page(page: Page) -> None:
    pages = _call(
        page,
        "state",
        "[{ q: 'x' }, { perPage: 4 }, { sort: 'sort_size' }, { direction: 'asc' }, { view: 'table' }]"
        ".map((patch) => m.change({ ...m.DEFAULTS, page: 7 }, patch).page)",
    )
    assert pages == [1, 1, 1, 1, 7]


def test_the_two_tabs_pages_differ_only_in_which_is_shown() -> None:
    def common(name: str) -> str:
        body = (FRONTEND / name).read_text("utf-8").partition("<body")[2]
        body = re.sub(r" hidden| aria-current=\"page\"|data-page=\"\\w+\"", "", body)
        body = body.replace('data-page="upload"', "").replace('data-page="images"', "")
        return re.sub(r"\n *<noscript>\s*<p.*?</noscript>", "", body, flags=re.DOTALL)

    assert common("upload.html") == common("images.html")


def test_scripts_keep_to_their_rooms() -> None:
    for script in JS.rglob("*.js"):
        code = re.sub(r"/\*.*?\*/|//[^\n]*", "", script.read_text("utf-8"), flags=re.DOTALL)
        name = str(script.relative_to(JS))
        assert not re.search(r"\b(innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval)\b", code), name
        assert "http://" not in code.replace("http://www.w3.org/2000/svg", ""), name
        assert "https://" not in code, name
        if name != "lib/api.js":
            assert not re.search(r"\bfetch\(|XMLHttpRequest", code), name
        if name.startswith("lib/"):
            assert "/pages/" not in code, name
            assert "/elements/" not in code, name
        if name.startswith("elements/"):
            assert "pages/" not in code, name


def test_pages_hold_no_inline_script_or_style() -> None:
    for page in [*FRONTEND.glob("*.html"), *FRONTEND.glob("templates/**/*.html")]:
        text = page.read_text("utf-8")
        assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:", text), page.name
        for attributes, content in re.findall(r"<script([^>]*)>(.*?)</script>", text, flags=re.DOTALL):
            assert "src=" in attributes, page.name
            assert content.strip() == "", page.name


def test_colours_are_named_in_one_file() -> None:
    for sheet in (FRONTEND / "static" / "css").glob("*.css"):
        if sheet.name not in {"tokens.css", "docs.css"}:  # the latter paints over a viewer that is not ours
            assert not re.search(r"#[0-9a-fA-F]{3,8}\b(?=[^{]*;)", sheet.read_text("utf-8")), sheet.name
