"""Whatever comes in on a connection: no request is seen in it that a second, simpler reader does not see."""

from __future__ import annotations

from itertools import cycle
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fuzz.cases import bounded, wanted
from tests.fuzz.connection import Outcome, serve
from tests.fuzz.edits import Edit, cut, cuts, edit, edits
from tests.fuzz.second_reader import Seen, requests_in

CASES: Final = wanted(30_000)
CHAIN: Final = 10  # changes to one stream, one after the other; the stream after each of them is a case
SMUGGLED: Final = b"DELETE /api/images/victim HTTP/1.1\r\nHost: a\r\n\r\n"
WORDS: Final = (
    *(b"\r\n", b"\r\n\r\n", b"\r", b"\n", b"\n\n", b"\x00", b"\x0b", b" ", b"\t", b":", b",", b";", b"0", b"\xff"),
    *(b"Content-Length: 5\r\n", b"Content-Length: 0\r\n", b"Content-Length: 5, 5\r\n", b"content-length : 3\r\n"),
    *(b"Content-Length: +5\r\n", b"Content-Length:\r\n", b"Content-Length: 0x5\r\n", b"Content-Length: 1_0\r\n"),
    *(
        b"Transfer-Encoding: chunked\r\n",
        b"Transfer-Encoding: identity, chunked\r\n",
        b"Transfer-Encoding: xchunked\r\n",
    ),
    *(
        b"Transfer-Encoding:\x0bchunked\r\n",
        b" chunked",
        b"0\r\n\r\n",
        b"5\r\nhello\r\n",
        b"5;a=b\r\n",
        b"-5\r\n",
        b"00000000",
    ),
    *(b"Host: b\r\n", b"Connection: close\r\n", b"Expect: 100-continue\r\n", b" HTTP/1.1", b" HTTP/1.0", b"HTTP/2.0"),
    *(b"GET ", b"POST ", b"PUT ", b"GET / HTTP/1.1\r\n", b"X-A: b\r\n c\r\n", SMUGGLED),
)

_FRAMING: Final = {"content-length", "transfer-encoding"}

_targets = st.sampled_from(["/", "/api/images/?page=2&q=a%20b", "/images/aaaaaaaaaaaa.jpg", "/api/upload/a.png"])
_bodies = st.one_of(st.binary(max_size=40), st.sampled_from([SMUGGLED, b"0\r\n\r\n", b"\r\n\r\n", b"hello"]))


@st.composite
def streams(draw: st.DrawFn) -> tuple[bytes, list[Seen]]:
    """Good requests one after the other on a connection, and what they are."""
    stream, meant = b"", []
    for _ in range(draw(st.integers(1, 3))):
        method, target, body = draw(st.sampled_from(["GET", "POST", "PUT", "DELETE"])), draw(_targets), draw(_bodies)
        if method == "GET":
            body = b""
        sized = not draw(st.booleans())
        lines = [f"{method} {target} HTTP/1.1", "Host: a"]
        if body or method != "GET":
            lines.append(f"Content-Length: {len(body)}" if sized else "Transfer-Encoding: chunked")
        fields = dict(line.lower().split(": ") for line in lines[1:])
        stream += "\r\n".join([*lines, "", ""]).encode()
        stream += body if sized or method == "GET" else chunked(body, draw(st.integers(1, 9)))
        meant.append(Seen(method, target, fields, body))
    return stream, meant


def chunked(body: bytes, size: int) -> bytes:
    pieces = [body[at : at + size] for at in range(0, len(body), size)]
    return b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


def reading(bits: int) -> cycle[bool]:
    """Which bodies are read, over and over."""
    return cycle([bits >> place & 1 == 1 for place in range(3)])


def assert_seen_by_both(stream: bytes, outcome: Outcome) -> None:
    """Each accepted request is the second reader's, in the same place, and nothing else was accepted."""
    others = requests_in(stream)
    assert len(outcome.seen) <= len(others), "a request was seen where there is none"
    for ours, other in zip(outcome.seen, others, strict=False):
        assert (ours.method, ours.target, ours.fields) == (other.method, other.target, other.fields)
        assert ours.body is None or ours.body == other.body
    assert len(outcome.seen) <= len(outcome.statuses) <= len(outcome.seen) + 1, "an answer too many or too few"
    if stream.strip(b"\r\n"):
        assert outcome.statuses, "no answer"


def written_again(request: Seen) -> bytes:
    """The request in its plainest form, its body if it was read."""
    body = request.body or b""
    fields = {"host": "a"} | {name: value for name, value in request.fields.items() if name not in _FRAMING}
    lines = [f"{request.method} {request.target} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items())]
    return "\r\n".join([*lines, f"content-length: {len(body)}", "", ""]).encode("latin-1") + body


@pytest.mark.timeout(600)
def test_good_requests_are_all_seen_however_they_are_cut() -> None:
    @bounded(CASES // 10)
    @given(streams(), cuts())
    def holds(sent: tuple[bytes, list[Seen]], places: list[int]) -> None:
        stream, meant = sent
        assert requests_in(stream) == meant
        outcome = serve(cut(stream, places), reading(7))
        assert (outcome.seen, outcome.statuses) == (meant, [200] * len(meant))

    holds()


@pytest.mark.timeout(600)
def test_in_changed_requests_nothing_is_seen_that_another_reader_does_not_see() -> None:
    @bounded(CASES * 9 // 10 // CHAIN)
    @given(streams(), edits(CHAIN), cuts(), st.integers(0, 7))
    def holds(sent: tuple[bytes, list[Seen]], changes: list[Edit], places: list[int], reads: int) -> None:
        stream = sent[0]
        for change in changes:
            stream = edit(stream, change, WORDS) or stream
            outcome = serve([stream], reading(reads))
            assert_seen_by_both(stream, outcome)
            assert serve(cut(stream, places), reading(reads)) == outcome
            for request in outcome.seen:
                assert len(requests_in(written_again(request) + SMUGGLED)) == 2

    holds()
