"""The head of a request, without a socket. What is refused has a file in integration/web/framing."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from shoebox.domain.errors import ShoeboxError
from shoebox.web.framing import parse_head
from shoebox.web.target import parse_target

HEAD = b"GET /images/?q=1 HTTP/1.1\r\nHost: shoebox\r\n"


def test_a_head_is_read() -> None:
    head = parse_head(HEAD + b"Accept: text/html")
    assert (head.method, head.target, head.minor) == ("GET", "/images/?q=1", 1)
    assert head.fields == {"host": "shoebox", "accept": "text/html"}


def test_blanks_around_a_value_are_not_part_of_it() -> None:
    assert parse_head(HEAD + b"X-A: \t a b\t ").fields["x-a"] == "a b"


def test_repeated_fields_become_a_list() -> None:
    assert parse_head(HEAD + b"X-Forwarded-For: 1.1.1.1\r\nX-Forwarded-For: 2.2.2.2").fields["x-forwarded-for"] == (
        "1.1.1.1, 2.2.2.2"
    )


def test_later_versions_of_http_1_are_spoken_as_1_1() -> None:
    assert parse_head(b"GET / HTTP/1.9\r\nHost: a").minor == 1


@settings(max_examples=500, derandomize=True, deadline=None)
@given(st.binary(max_size=200))
@example(b"")
@example(b"GET / HTTP/1.1\r\nHost: a\r\n")
@example(b"GET  / HTTP/1.1\r\nHost: a")
def test_noise_is_refused_in_words_or_read_and_never_anything_else(noise: bytes) -> None:
    try:
        head = parse_head(HEAD + noise)
        parse_target(head.target)
    except ShoeboxError:
        return
    assert head.method == "GET"
    assert all(name == name.lower() for name in head.fields)
    assert not any(character in value for value in head.fields.values() for character in "\r\n\0")


@pytest.mark.parametrize("line", [b"Content-Length", b"Transfer-Encoding", b"Host", b"Range", b"Origin"])
def test_what_must_be_single_is_refused_twice(line: bytes) -> None:
    with pytest.raises(ShoeboxError, match="more than once"):
        parse_head(b"GET / HTTP/1.1\r\n" + line + b": a\r\n" + line + b": a\r\nHost: b")
