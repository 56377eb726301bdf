"""Cursors: whatever a client makes of one, it is read whole or refused."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shoebox.domain.errors import BadRequest
from shoebox.domain.listing import Cursor, Direction, Filter, Sort, SortField
from shoebox.web.cursors import MAX_FOLDED_NAME, decode_cursor, encode_cursor

BY_NAME = Sort(field=SortField.NAME, direction=Direction.ASCENDING)
BY_AGE = Sort()
ALL = Filter()
CURSOR = Cursor(sort=BY_AGE, value=1_700_000_000_000_000, id=7, backward=False, number=2)

names = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=MAX_FOLDED_NAME)


@settings(max_examples=200, derandomize=True, deadline=None)
@given(names, st.integers(1, 2**63 - 1), st.booleans(), st.integers(1, 10**6))
def test_a_cursor_survives_its_journey(value: str, row: int, backward: bool, number: int) -> None:
    cursor = Cursor(sort=BY_NAME, value=value, id=row, backward=backward, number=number)
    assert decode_cursor(encode_cursor(cursor, ALL), BY_NAME, ALL) == cursor


def test_a_cursor_is_one_word_for_a_url() -> None:
    assert encode_cursor(CURSOR, ALL).replace("-", "").replace("_", "").isalnum()


@pytest.mark.parametrize(
    ("sort", "selection"),
    [
        (BY_NAME, ALL),
        (Sort(direction=Direction.ASCENDING), ALL),
        (BY_AGE, Filter(collection="holiday")),
        (BY_AGE, Filter(text="beach")),
    ],
)
def test_a_cursor_of_another_question_is_refused(sort: Sort, selection: Filter) -> None:
    with pytest.raises(BadRequest, match="belongs to another"):
        decode_cursor(encode_cursor(CURSOR, ALL), sort, selection)


def forged(*changes: tuple[int, object], sort: Sort = BY_AGE) -> str:
    text = encode_cursor(Cursor(sort=sort, value="a" if sort is BY_NAME else 1, id=7, backward=False, number=2), ALL)
    fields = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    for index, value in changes:
        fields[index] = value
    return base64.urlsafe_b64encode(json.dumps(fields).encode()).rstrip(b"=").decode()


@pytest.mark.parametrize(
    "change",
    [(2, "1"), (2, 1.5), (2, True), (2, 2**64), (3, 0), (3, True), (3, 2**63), (4, 2), (5, 0), (5, "1"), (6, None)],
)
def test_a_field_that_is_not_ours_is_refused(change: tuple[int, object]) -> None:
    with pytest.raises(BadRequest):
        decode_cursor(forged(change), BY_AGE, ALL)


@pytest.mark.parametrize("value", [1, "a\0b", "\ud800", "x" * (MAX_FOLDED_NAME + 1)])
def test_a_name_no_database_takes_is_refused(value: object) -> None:
    with pytest.raises(BadRequest):
        decode_cursor(forged((2, value), sort=BY_NAME), BY_NAME, ALL)


@settings(max_examples=300, derandomize=True, deadline=None)
@given(
    st.one_of(st.text(max_size=60), st.binary(max_size=60).map(lambda data: base64.urlsafe_b64encode(data).decode()))
)
def test_noise_is_refused(text: str) -> None:
    with pytest.raises(BadRequest):
        decode_cursor(text, BY_AGE, ALL)


def test_deep_nesting_is_refused() -> None:
    bomb = base64.urlsafe_b64encode(b"[" * 3000).decode()
    with pytest.raises(BadRequest):
        decode_cursor(bomb, BY_AGE, ALL)
