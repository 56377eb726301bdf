"""A format is told by content."""

from __future__ import annotations

import struct

import pytest

from shoebox.domain.errors import UnsupportedFormat
from shoebox.domain.image import Format
from shoebox.imaging.sniff import HEAD, sniff
from tests.specimens import MAKERS


@pytest.mark.parametrize("image_format", list(Format), ids=lambda image_format: image_format.name)
def test_every_specimen_is_recognised_by_its_first_bytes(image_format: Format) -> None:
    maker = MAKERS[image_format]
    for data in [*maker.plain().values(), *maker.loaded(1).values()]:
        assert sniff(data[:HEAD]) is image_format


def test_an_avif_may_name_its_brand_among_the_compatible_ones() -> None:
    brands = b"mif1" + bytes(4) + b"miafavif"
    assert sniff(struct.pack(">I", len(brands) + 8) + b"ftyp" + brands) is Format.AVIF


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"B",
        b"BM",
        b"BMW builds cars, and this text is long enough.",
        b"\xff\xd8",
        b"GIF88a" + bytes(20),
        b"RIFF\x00\x00\x00\x00WAVE" + bytes(20),
        b"%PDF-1.7 and so on",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"II*\x01" + bytes(20),
        b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic" + bytes(20),
        b"\x00\x00\x00\x10ftypmif1\x00\x00\x00\x00avif" + bytes(20),
        b"\x8aMNG\r\n\x1a\n" + bytes(20),
        b"%!PS-Adobe-3.0 EPSF-3.0\n",
        b"SIMPLE  =                    T",
        bytes(600),
    ],
)
def test_what_is_no_accepted_format_is_unsupported(data: bytes) -> None:
    with pytest.raises(UnsupportedFormat, match="JPEG, PNG, GIF, WebP, BMP, TIFF, AVIF"):
        sniff(data)
