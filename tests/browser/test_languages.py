"""English and Russian, and never a word missing in either."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Page, expect

from tests.browser.actions import choose, open_gallery, rows, some_files, until
from tests.browser.conftest import OpenPage
from tests.client import Client

FRONTEND: Final = Path(__file__).parents[2] / "services" / "frontend"
PLURALS: Final = {"en": {"one", "other"}, "ru": {"one", "few", "many", "other"}}
_PLURAL_END: Final = re.compile(r"\.(?:zero|one|two|few|many|other)$")


def _catalogue(language: str) -> dict[str, str]:
    text = (FRONTEND / "static" / "i18n" / f"{language}.json").read_text("utf-8")
    pairs = json.loads(text, object_pairs_hook=list)
    assert len({key for key, _ in pairs}) == len(pairs), "a key is there twice"
    return dict(pairs)


def _stems(catalogue: dict[str, str]) -> set[str]:
    return {_PLURAL_END.sub("", key) for key in catalogue}


def _used_keys() -> set[str]:
    """Keys the pages name in full; `t(`a.${b}`)` counts as everything that begins with `a.`."""
    keys: set[str] = set()
    for script in (FRONTEND / "static" / "js").rglob("*.js"):
        text = script.read_text("utf-8")
        keys |= set(re.findall(r"\bt\(\s*\"([\w.]+)\"", text))
        keys |= {found for pair in re.findall(r"\bt\([^()]*? \? \"([\w.]+)\" : \"([\w.]+)\"", text) for found in pair}
    for page in FRONTEND.glob("*.html"):
        keys |= set(re.findall(r"data-i18n(?:-[\w-]+)?=\"([\w.]+)\"", page.read_text("utf-8")))
    return keys


def test_both_catalogues_have_the_same_keys_and_every_plural_form() -> None:
    english, russian = _catalogue("en"), _catalogue("ru")
    assert _stems(english) == _stems(russian)
    for language, catalogue in (("en", english), ("ru", russian)):
        counted = {_PLURAL_END.sub("", key) for key in catalogue if _PLURAL_END.search(key)}
        for stem in counted:
            forms = {key.removeprefix(f"{stem}.") for key in catalogue if key.startswith(f"{stem}.")}
            assert forms >= PLURALS[language], f"{language}: {stem}"


def test_both_catalogues_fill_the_same_gaps() -> None:
    english, russian = _catalogue("en"), _catalogue("ru")
    for key in english.keys() & russian.keys():
        assert set(re.findall(r"\{(\w+)\}", english[key])) == set(re.findall(r"\{(\w+)\}", russian[key])), key


def test_every_key_that_is_used_exists() -> None:
    assert _used_keys() - _stems(_catalogue("en")) == set()


def test_the_words_in_the_pages_are_those_of_the_english_catalogue() -> None:
    english = _catalogue("en")
    for page in FRONTEND.glob("*.html"):
        for key, text in re.findall(r"data-i18n=\"([\w.]+)\"[^>]*>([^<]*)<", page.read_text("utf-8")):
            assert text == english[key], f"{page.name}: {key}"


def test_a_russian_browser_gets_russian_without_a_word_of_english_first(open_page: OpenPage, store: Client) -> None:
    page = open_page(locale="ru-RU")
    page.add_init_script("""
      window.painted = [];
      const look = () => {
        const body = document.body;
        if (body && getComputedStyle(body).visibility === "visible") window.painted.push(body.innerText);
        requestAnimationFrame(look);
      };
      look();
    """)
    open_gallery(page)
    expect(page.get_by_role("heading", name="Здесь пока пусто")).to_be_visible()
    expect(page.locator("html")).to_have_attribute("lang", "ru")
    until(page, "window.painted.some((text) => text.includes('Здесь пока пусто'))")
    assert not any("Skip to content" in text or "Images" in text for text in page.evaluate("window.painted"))


def test_the_choice_of_language_is_kept_and_changes_everything_at_once(page: Page, store: Client) -> None:
    page.goto("/upload/")
    choose(page, *some_files(2))
    expect(rows(page, "done")).to_have_count(2)
    page.get_by_label("Language").select_option("Русский")
    expect(page.locator("#queue-title")).to_have_text("Загружены 2 картинки")
    expect(page.get_by_role("button", name="Копировать все")).to_be_visible()
    expect(page).to_have_title("Загрузка · Shoebox")
    page.get_by_role("link", name="Картинки", exact=True).click()
    expect(page.locator(".toolbar-count")).to_have_text("2 картинки")
    page.reload()
    expect(page.get_by_role("heading", name="Картинки")).to_be_visible()


@pytest.mark.parametrize(("choice", "background"), [("Dark", "rgb(19, 19, 17)"), ("Light", "rgb(251, 250, 247)")])
def test_the_theme_has_three_ways_and_no_flash(open_page: OpenPage, choice: str, background: str) -> None:
    page = open_page(color_scheme="light" if choice == "Dark" else "dark")
    page.goto("/")
    page.get_by_text(choice, exact=True).click()
    page.add_init_script("""
      window.shown = new Set();
      const look = () => {
        if (document.body) window.shown.add(getComputedStyle(document.documentElement).backgroundColor);
        requestAnimationFrame(look);
      };
      look();
    """)
    page.reload()
    expect(page.locator(f"#theme input[value={choice.lower()}]")).to_be_checked()
    until(page, "window.shown.size > 0")
    assert page.evaluate("[...window.shown]") == [background]
    page.get_by_text("Same as system").click()
    expect(page.locator("html")).not_to_have_css("background-color", background)
