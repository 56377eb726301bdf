"""Whatever comes in: the strippers refuse it properly, or leave its pixels alone."""

from __future__ import annotations

from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoebox.domain.errors import InvalidImage, UnsupportedFormat
from shoebox.domain.image import Format
from shoebox.imaging import metadata
from shoebox.imaging.sniff import HEAD, sniff
from tests.fuzz import decoding
from tests.fuzz.cases import SCALE, bounded, wanted
from tests.fuzz.mutations import Mutation, mutate
from tests.specimens import MAKERS

CASES: Final = wanted(100_000)  # of this file; the formats share them
CHAIN: Final = 10  # changes to one file, one after the other; the file after each of them is a case

_number = st.integers(0, SCALE - 1)
_mutations = st.lists(st.tuples(st.integers(0, 31), _number, _number), min_size=CHAIN, max_size=CHAIN)
_junk = st.binary(max_size=200)
every_format = pytest.mark.parametrize("image_format", list(Format), ids=lambda image_format: image_format.name)


def specimens(image_format: Format) -> list[bytes]:
    maker = MAKERS[image_format]
    return [*maker.plain().values(), *maker.loaded(maker.orientations[-1]).values()]


def accepts(image_format: Format, data: bytes) -> bool:
    """One case: whether it was accepted, and then stripped to the same pixels."""
    try:
        inspection = metadata.inspect(image_format, data)
    except (InvalidImage, UnsupportedFormat):
        return False
    stripped = inspection.stripped()
    assert inspection.clean == (stripped == data)
    assert metadata.strip(image_format, stripped) == stripped
    if inspection.outline.pixels > decoding.MAX_PIXELS:
        return True
    expected = decoding.frames(image_format, data)
    if expected:
        decoded = sum(frame.size[0] * frame.size[1] for frame in expected)
        assert decoded <= inspection.outline.pixels, "a decoder makes more pixels than the outline promised"
        assert inspection.clean or shows(image_format, stripped, expected)
    return True


def shows(image_format: Format, stripped: bytes, expected: list[decoding.Frame]) -> bool:
    """Whether a stripped file has the frames it had before."""
    frames = decoding.frames(image_format, stripped)
    if frames and image_format is Format.TIFF:
        # Pillow sees no page behind one with a tag that leads nowhere: without the tag it sees more.
        return frames[: len(expected)] == expected
    return frames == expected


@pytest.mark.timeout(600)
@every_format
def test_a_changed_picture_is_refused_or_keeps_its_pixels(image_format: Format) -> None:
    base = st.sampled_from(specimens(image_format))

    @bounded(CASES * 9 // 10 // len(Format) // CHAIN)
    @given(base, base, _mutations)
    def holds(data: bytes, other: bytes, mutations: list[Mutation]) -> None:
        for mutation in mutations:
            changed = mutate(image_format, data, other, mutation)
            # A refused file is dead: what is done to it next would be refused as well.
            data = changed if accepts(image_format, changed) else data

    holds()


@pytest.mark.timeout(600)
@every_format
def test_junk_behind_a_true_beginning_is_refused_or_keeps_its_pixels(image_format: Format) -> None:
    beginnings = st.builds(lambda data, cut: data[:cut], st.sampled_from(specimens(image_format)), st.integers(2, 80))

    @bounded(CASES // 20 // len(Format))
    @given(beginnings, _junk)
    def holds(beginning: bytes, junk: bytes) -> None:
        accepts(image_format, beginning + junk)

    holds()


@bounded(CASES // 20)
@given(st.sampled_from([image_format.value.encode() for image_format in Format]), _junk)
def test_junk_has_a_format_or_is_unsupported(word: bytes, junk: bytes) -> None:
    for data in (junk, b"RIFF" + junk, b"\x00\x00\x00\x20ftyp" + junk, word + junk):
        try:
            image_format = sniff(data[:HEAD])
        except UnsupportedFormat:
            continue
        accepts(image_format, data)
