"""Names come from strangers."""

from __future__ import annotations

import pytest

from shoebox.domain import names
from shoebox.domain.image import Format


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("Beach day.JPG", "Beach day.JPG"),
        ("Пляж 🏖️.png", "Пляж 🏖️.png"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\me\\cat.png", "cat.png"),
        ("a\x00b\r\nc\x1b.png", "abc.png"),
        ("photo\u202egnp.exe", "photognp.exe"),
        ("\ud800x.png", "x.png"),
        ("  cat.png  ", "cat.png"),
        ("", names.NAMELESS),
        (".", names.NAMELESS),
        ("..", names.NAMELESS),
        ("folder/", names.NAMELESS),
        ("\r\n", names.NAMELESS),
        ("CON", "CON"),
        ("é", "é"),
        ("e\u0301", "e\u0301"),
    ],
)
def test_an_original_name_keeps_its_letters_and_loses_its_path(given: str, kept: str) -> None:
    assert names.clean_original_name(given) == kept


def test_a_very_long_name_is_cut_before_its_extension() -> None:
    kept = names.clean_original_name("x" * 10_000 + ".jpeg")
    assert len(kept) == names.MAX_ORIGINAL_NAME
    assert kept.endswith("x.jpeg")


def test_a_very_long_name_without_an_extension_is_cut() -> None:
    assert names.clean_original_name("." + "x" * 10_000) == "." + "x" * 254


@pytest.mark.parametrize("image_format", Format)
def test_a_new_key_has_the_formats_extension_and_differs_each_time(image_format: Format) -> None:
    made = {names.new_key(image_format) for _ in range(1000)}
    assert len(made) == 1000
    assert all(names.is_key(key) and key.endswith(f".{image_format.value}") for key in made)


@pytest.mark.parametrize(
    "text", ["", "a", ".jpg", "a.exe", "a.jpg/", "a.jpg\n", "a b.jpg", "../a.jpg", "é.jpg", "a.JPG"]
)
def test_what_we_did_not_make_is_no_key(text: str) -> None:
    assert not names.is_key(text)


@pytest.mark.parametrize("text", ["holiday", "A_b-1", "x" * 64])
def test_a_collection_is_a_short_ascii_word(text: str) -> None:
    assert names.is_collection(text)


@pytest.mark.parametrize("text", ["", "x" * 65, "a b", "пляж", "a.b", "a\n", *names.RESERVED])
def test_other_words_and_reserved_ones_are_no_collection(text: str) -> None:
    assert not names.is_collection(text)


def test_names_are_compared_without_case_in_every_alphabet() -> None:
    assert names.fold("STRASSE") == names.fold("straße")
    assert names.fold("ПЛЯЖ") == names.fold("пляж")
