"""Which form of an answer is wanted."""

from __future__ import annotations

import pytest

from shoebox.web.accept import prefers_html, prefers_text, weight

CHROME = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8"


@pytest.mark.parametrize(
    ("accept", "text", "html"),
    [
        ("*/*", False, False),
        ("", False, False),
        ("text/plain", True, False),
        ("text/*", True, False),
        ("text/plain;q=0.5, application/json", False, False),
        ("text/plain, application/json;q=0.5", True, False),
        ("TEXT/PLAIN ; Q=0.5 , */* ; q=0.4", True, False),
        ("text/plain;q=0", False, False),
        ("text/plain;q=2", False, False),
        ("application/json, text/plain, */*", False, False),  # what scripts send by default
        (CHROME, False, True),
        ("image/avif,image/webp,*/*;q=0.8", False, False),  # what <img> sends
    ],
)
def test_preferences_are_weighed(accept: str, text: bool, html: bool) -> None:
    assert (prefers_text(accept), prefers_html(accept)) == (text, html)


def test_the_most_specific_range_counts() -> None:
    assert weight("*/*;q=0.1, text/*;q=0.5, text/html;q=0.9", "text/html") == pytest.approx(0.9)
