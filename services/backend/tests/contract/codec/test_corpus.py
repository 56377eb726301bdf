"""Every file of the corpus is answered as its case says."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from services.backend.tests.staged import staged
from shoebox.domain.errors import InvalidImage, ShoeboxError, UnsupportedFormat
from shoebox.ports import Examined, ImageCodec
from tests.data.case import INVALID, STORED, UNSUPPORTED, Case
from tests.data.chart import CORNERS
from tests.data.corpus import all_cases, manifest

ERRORS: dict[int, type[ShoeboxError]] = {INVALID: InvalidImage, UNSUPPORTED: UnsupportedFormat}
GRAYS = [
    (gray, gray, gray) for gray in (Image.new("RGB", (1, 1), color).convert("L").getpixel((0, 0)) for color in CORNERS)
]
TOLERANCE = 40  # of 255, for lossy formats at thin edges

Corpus = dict[str, tuple[Case, Path]]
ACCEPTED = [case.name for case in all_cases() if case.status == STORED]
REFUSED = [case.name for case in all_cases() if case.status in ERRORS]


def examine(codec: ImageCodec, path: Path) -> Examined:
    with staged(path.read_bytes()) as file:
        return codec.examine(file)


@pytest.mark.parametrize("name", ACCEPTED)
def test_a_good_file_gives_its_size_and_type(real_codec: ImageCodec, corpus: Corpus, name: str) -> None:
    case, path = corpus[name]
    facts = examine(real_codec, path).facts
    assert (facts.width, facts.height, facts.format.value) == (case.width, case.height, case.file_type)


@pytest.mark.parametrize("name", [case.name for case in all_cases() if case.shows])
def test_a_good_file_looks_right(real_codec: ImageCodec, corpus: Corpus, name: str) -> None:
    case, path = corpus[name]
    corners = _corners(examine(real_codec, path).thumbnail)
    wanted = CORNERS if case.shows == "chart" else GRAYS
    pairs = [pair for got, want in zip(corners, wanted, strict=True) for pair in zip(got, want, strict=True)]
    assert all(abs(got - want) < TOLERANCE for got, want in pairs), corners


@pytest.mark.parametrize("name", REFUSED)
def test_a_bad_file_is_refused(real_codec: ImageCodec, corpus: Corpus, name: str) -> None:
    case, path = corpus[name]
    with pytest.raises(ERRORS[case.status]):
        examine(real_codec, path)


@pytest.mark.parametrize("name", ACCEPTED)
def test_what_is_kept_of_a_good_file_is_good_again(real_codec: ImageCodec, corpus: Corpus, name: str) -> None:
    _, path = corpus[name]
    with staged(path.read_bytes()) as file:
        first = real_codec.examine(file)
        assert real_codec.examine(file) == first


def test_the_corpus_is_large_and_no_name_comes_twice() -> None:
    assert 100 <= len(list(all_cases())) == len(manifest())


def _corners(webp: bytes) -> list[tuple[int, int, int]]:
    with Image.open(BytesIO(webp), formats=["WEBP"]) as picture:
        thumbnail = picture.convert("RGB")
    across, down = thumbnail.size
    places = [(x, y) for y in (down // 8, down * 7 // 8) for x in (across // 8, across * 7 // 8)]
    return [thumbnail.getpixel(place) for place in places]
