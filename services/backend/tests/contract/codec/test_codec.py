"""What every codec promises, the stand-in included."""

from __future__ import annotations

import hashlib
from io import BytesIO

import pytest

from services.backend.tests.fakes.codec import BROKEN
from services.backend.tests.staged import staged
from shoebox.domain.errors import InvalidImage, UnsupportedFormat
from shoebox.domain.image import Format
from shoebox.ports import ImageCodec
from tests.data.chart import chart, saved

PNG = saved(chart(), "PNG")


def is_webp(data: bytes) -> bool:
    return data[:4] == b"RIFF" and data[8:12] == b"WEBP"


def test_a_picture_is_told_by_its_content(codec: ImageCodec) -> None:
    with staged(PNG) as file:
        assert codec.examine(file).facts.format is Format.PNG


def test_size_and_digest_are_of_the_bytes_that_stay(codec: ImageCodec) -> None:
    with staged(PNG) as file:
        facts = codec.examine(file).facts
        content = file.content()
    assert (facts.size, facts.sha256) == (len(content), hashlib.sha256(content).hexdigest())


def test_an_examined_picture_has_a_webp_thumbnail(codec: ImageCodec) -> None:
    with staged(PNG) as file:
        assert is_webp(codec.examine(file).thumbnail)


def test_what_is_no_picture_is_unsupported(codec: ImageCodec) -> None:
    with staged(b"hello") as file, pytest.raises(UnsupportedFormat, match="PNG"):
        codec.examine(file)


def test_a_damaged_picture_is_invalid(codec: ImageCodec) -> None:
    with staged(PNG[:80] + BROKEN) as file, pytest.raises(InvalidImage):
        codec.examine(file)


def test_a_refused_picture_is_left_as_it_was(codec: ImageCodec) -> None:
    damaged = PNG[:80] + BROKEN
    with staged(damaged) as file:
        with pytest.raises(InvalidImage):
            codec.examine(file)
        assert file.content() == damaged


def test_a_thumbnail_is_webp(codec: ImageCodec) -> None:
    assert is_webp(codec.thumbnail(BytesIO(PNG), 160))
