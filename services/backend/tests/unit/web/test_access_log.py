"""Lines of the access log."""

from __future__ import annotations

import json
import logging

import pytest

from shoebox.web.access_log import Entry, json_line, text_line, through, write_lines

FORGERY = "/a\r\n2026-01-01 INFO shoebox.access - forged\x1b[2K\u2028\x85\x7f"


def entry(target: str = "/images/?page=2") -> Entry:
    return Entry("0123456789", "192.0.2.1", "GET", target, 200, 512, 0.00123)


def test_a_line_says_what_happened() -> None:
    line = text_line(entry("/health")).decode()
    assert line.endswith(
        " INFO shoebox.access 0123456789 request client=192.0.2.1 method=GET target=/health"
        " status=200 sent=512 ms=1.23\n"
    )


def test_a_json_line_says_the_same() -> None:
    line = json.loads(json_line(entry()))
    assert {"request_id": "0123456789", "target": "/images/?page=2", "status": 200, "ms": 1.23}.items() <= line.items()


@pytest.mark.parametrize("form", [text_line, json_line])
def test_no_address_ends_a_line_or_begins_another(form: type) -> None:
    line = form(entry(FORGERY))
    assert line.count(b"\n") == 1
    assert line.isascii()
    assert not set(line[:-1]) & {*range(0x20), 0x7F}


def test_an_address_cannot_forge_a_field() -> None:
    line = text_line(entry('/a" status=500 x="')).decode()
    assert r'target="/a\" status=500 x=\"" status=200' in line


def test_a_long_address_is_cut() -> None:
    assert len(text_line(entry("/" + "a" * 9000))) < 1300


def test_lines_go_to_the_sink_in_one_piece() -> None:
    lines: list[bytes] = []
    write_lines(lines.append, style="text")(entry())
    assert len(lines) == 1


def test_a_logger_gets_the_fields(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="shoebox.test"):
        through(logging.getLogger("shoebox.test"))(entry())
    record = caplog.records[0].__dict__
    assert (record["message"], record["target"], record["status"]) == ("request", "/images/?page=2", 200)
