"""A JPEG whose scan only the decoder looks through comes out as if we had looked."""

from __future__ import annotations

import random
from io import BytesIO

import pytest
from PIL import Image

from services.backend.tests.staged import staged
from shoebox.domain.errors import InvalidImage
from shoebox.domain.image import Format
from shoebox.imaging import codec, pillow
from shoebox.imaging.codec import PillowCodec, PixelLimits
from shoebox.imaging.metadata import inspect, suppose

EOI = b"\xff\xd9"
NOTE = b"\xff\xe1\x00\x08secret"
CODEC = PillowCodec(PixelLimits(max_pixels=1_000_000, max_jpeg_pixels=1_000_000))


def photo(width: int = 400, height: int = 300, **words: object) -> bytes:
    out = BytesIO()
    noise = random.Random(7).randbytes(width * height * 3)
    Image.frombytes("RGB", (width, height), noise).save(out, "JPEG", quality=80, **words)
    return out.getvalue()


PHOTO = photo()
SCAN = PHOTO.index(b"\xff\xda")
MIDDLE = len(PHOTO) // 2

PICTURES = {
    "as cameras write it": PHOTO,
    "with a comment": photo(comment=b"secret"),
    "with restart markers": photo(restart_marker_rows=1),
    "progressive": photo(progressive=True),
    "of one pixel": photo(1, 1),
    "of one row": photo(300, 1),
    "with zeros before its end": PHOTO[:-2] + bytes(40) + EOI,
    "with fill bytes before its end": PHOTO[:-2] + b"\xff\xff" + EOI,
    "with a note in its scan": PHOTO[:MIDDLE] + NOTE + PHOTO[MIDDLE:],
    "with a note close before its end": PHOTO[:-9] + NOTE + PHOTO[-9:],
    "with a note at its end": PHOTO[:-2] + NOTE + EOI,
    "with a note behind its end": PHOTO + NOTE + EOI,
    "with another picture behind it": PHOTO + PHOTO,
    "with its scan twice": PHOTO[:-2] + PHOTO[SCAN:],
    "with an end in its middle": PHOTO[:MIDDLE] + EOI + PHOTO[MIDDLE:],
    "with a restart that nobody announced": PHOTO[:MIDDLE] + b"\xff\xd0" + PHOTO[MIDDLE:],
    "with a marker that is none": PHOTO[:MIDDLE] + b"\xff\x02" + PHOTO[MIDDLE:],
    "without its second half": PHOTO[:MIDDLE] + EOI,
    "without an end": PHOTO[:-2],
    "of an end alone": PHOTO[:2] + EOI,
}


def outcome(data: bytes) -> object:
    with staged(data) as file:
        try:
            return CODEC.examine(file), file.content()
        except InvalidImage as error:
            return str(error)


@pytest.mark.parametrize("data", PICTURES.values(), ids=PICTURES)
def test_a_jpeg_comes_out_as_if_its_scan_had_been_looked_through(data: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    supposed = outcome(data)
    monkeypatch.setattr(codec, "suppose", lambda *_: None)
    assert supposed == outcome(data)


@pytest.mark.parametrize("data", [PHOTO, PICTURES["with a comment"]], ids=["plain", "with a comment"])
def test_what_is_supposed_of_a_photograph_is_proven_by_its_decoder(data: bytes) -> None:
    supposed = suppose(Format.JPEG, data)
    assert supposed is not None
    source = pillow.Source(format=Format.JPEG, data=supposed.stripped(), outline=supposed.outline, supposed=True)
    assert (pillow.decode(source, 320).proven, supposed.stripped()) == (True, inspect(Format.JPEG, data).stripped())


@pytest.mark.parametrize("where", ["close before its end", "at its end", "behind its end"])
def test_no_note_is_left_that_hides_near_the_end(where: str) -> None:
    with staged(PICTURES[f"with a note {where}"]) as file:
        CODEC.examine(file)
        assert b"secret" not in file.content()
