"""Changes to a text of a protocol, each named by three small numbers so that a failing case can be shrunk."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from hypothesis import strategies as st

from tests.fuzz.cases import SCALE

Edit = tuple[int, int, int]

_number = st.integers(0, SCALE - 1)


def edits(count: int) -> st.SearchStrategy[list[Edit]]:
    """So many changes, to be made one after the other."""
    return st.lists(st.tuples(st.integers(0, 7), _number, _number), min_size=count, max_size=count)


def edit(data: bytes, change: Edit, words: Sequence[bytes]) -> bytes:
    """The text after one change; `words` are what means something in its language."""
    kind, place, value = change
    at = len(data) * place // SCALE
    word = words[value % len(words)]
    length = value % 24
    match kind:
        case 0:
            return data[:at] + bytes([value & 0xFF]) + data[at + 1 :]
        case 1:
            return data[:at] + data[at + 1 + value % 8 :]
        case 2 | 3:
            return data[:at] + word + data[at:]
        case 4:
            return data[:at] + word + data[at + len(word) :]
        case 5:
            return data[:at] + data[at : at + length] + data[at:]
        case 6:
            other = len(data) * value // SCALE
            return data[:at] + data[other : other + length] + data[at:]
        case _:
            return data[:at] if value % 8 == 0 else data[: at - 1 if at else 0] + data[at:]


def cut(data: bytes, places: Sequence[int]) -> list[bytes]:
    """The same text in pieces, as a network delivers it; none is empty."""
    marks = sorted({0, len(data), *(len(data) * place // SCALE for place in places)})
    return [data[start:end] for start, end in pairwise(marks)]


def cuts() -> st.SearchStrategy[list[int]]:
    """Places to cut at."""
    return st.lists(_number, max_size=6)
