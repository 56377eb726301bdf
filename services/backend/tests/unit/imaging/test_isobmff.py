"""AVIF: items and boxes that are not picture, and structures that lead astray."""

from __future__ import annotations

import io
import struct

import pytest
from PIL import Image

from shoebox.domain.errors import InvalidImage
from shoebox.domain.image import Format
from shoebox.imaging import metadata
from tests.fuzz import decoding
from tests.specimens import NEEDLE, avif
from tests.specimens.avif import QUICK, box
from tests.specimens.marks import exif, motif, saved

PLAIN = avif.plain()
STILL = PLAIN["still"]
NOTED = saved(motif(), "AVIF", exif=exif(1), **QUICK)
FILM = avif.animation()


def strip(data: bytes) -> bytes:
    return metadata.strip(Format.AVIF, data)


def test_offsets_stay() -> None:
    stripped = strip(NOTED)
    assert len(stripped) == len(NOTED)
    assert b"Exif" not in stripped
    assert stripped.index(b"mdat") == NOTED.index(b"mdat")


def test_boxes_before_the_picture_are_blanked_and_those_behind_it_go() -> None:
    ftyp, rest = STILL[:32], STILL[32:]
    note = box(b"uuid", bytes(16) + NEEDLE)
    (place,) = struct.unpack_from(">I", rest, rest.index(b"iloc") + 18)
    moved = rest.replace(struct.pack(">I", place), struct.pack(">I", place + len(note)))
    stripped = strip(ftyp + note + moved + note)
    assert stripped == ftyp + box(b"free", bytes(16 + len(NEEDLE))) + moved
    assert decoding.frames(Format.AVIF, stripped) == decoding.frames(Format.AVIF, STILL)


def test_a_thumbnail_is_blanked() -> None:
    data = PLAIN["alpha"].replace(b"auxl", b"thmb")
    stripped = strip(data)
    assert stripped != data
    assert stripped.count(b"av01") == data.count(b"av01") - 1
    assert decoding.frames(Format.AVIF, stripped) == decoding.frames(Format.AVIF, data)


def test_a_picture_that_calls_itself_its_own_thumbnail_stays() -> None:
    data = PLAIN["alpha"].replace(b"auxl\x00\x02", b"thmb\x00\x01")
    assert decoding.frames(Format.AVIF, strip(data)) == decoding.frames(Format.AVIF, data)


def test_a_description_among_the_properties_is_blanked() -> None:
    data = STILL.replace(b"pixi\x00\x00\x00\x00\x03\x08\x08\x08", b"udes" + NEEDLE[:8])
    assert NEEDLE[:8] in data
    assert strip(data) == data.replace(b"udes" + NEEDLE[:8], b"free" + bytes(8))
    assert decoding.frames(Format.AVIF, strip(data)) == decoding.frames(Format.AVIF, data)


def test_a_picture_whose_data_lies_in_a_box_of_notes_stays() -> None:
    data = STILL.replace(b"mdat", b"skip") + box(b"mdat", b"")
    assert decoding.frames(Format.AVIF, strip(data)) == decoding.frames(Format.AVIF, data)


def test_the_time_of_making_goes_from_an_animation() -> None:
    stripped = strip(FILM)
    at = stripped.index(b"mvhd") + 8
    assert FILM[at : at + 16] != bytes(16)
    for header in (b"mvhd", b"tkhd", b"mdhd"):
        at = stripped.index(header) + 8
        assert stripped[at : at + 16] == bytes(16)
    assert decoding.frames(Format.AVIF, stripped) == decoding.frames(Format.AVIF, FILM)
    assert metadata.inspect(Format.AVIF, stripped).clean


def test_an_animation_is_counted() -> None:
    outline = metadata.outline(Format.AVIF, FILM)
    assert (outline.frames, outline.pixels) == (2, 2 * 24 * 16)


def test_a_bitstream_that_claims_more_than_its_file_is_measured_by_its_claim() -> None:
    large = saved(Image.new("RGB", (640, 480)), "AVIF", **QUICK)
    lying = large.replace(struct.pack(">II", 640, 480), struct.pack(">II", 64, 48))
    assert metadata.outline(Format.AVIF, lying).pixels == 640 * 480


def test_a_colour_profile_stays_in_place() -> None:
    data = PLAIN["profile"]
    assert metadata.inspect(Format.AVIF, data).clean
    with Image.open(io.BytesIO(strip(avif.load(data)))) as picture:
        assert picture.info["icc_profile"]


@pytest.mark.parametrize(
    "data",
    [
        STILL[32:],
        STILL[:32],
        STILL[:32] + STILL[STILL.index(b"mdat") - 4 :],
        STILL[:-1],
        STILL[: STILL.index(b"mdat") - 4],
        STILL + STILL[32 : STILL.index(b"mdat") - 4],
        STILL.replace(b"pitm\x00\x00\x00\x00\x00\x01", b"pitm\x00\x00\x00\x00\x00\x07"),
        STILL.replace(b"iloc\x00", b"iloc\x09"),
        STILL.replace(b"infe\x02", b"infe\x00"),
        STILL.replace(b"ispe", b"abcd"),
        STILL.replace(b"av01Color", b"mimeColor"),
        STILL.replace(struct.pack(">II", 24, 16), struct.pack(">II", 0, 16)),
        FILM.replace(b"stsz\x00\x00\x00\x00" + bytes(4), b"stsz\x00\x00\x00\x00" + struct.pack(">I", 0x7FFFFFFF)),
        FILM.replace(b"stco", b"abcd"),
        FILM.replace(b"pict", b"soun"),
        box(b"ftyp", b"avif\x00\x00\x00\x00avif") + box(b"free", b"") * 5_001,
        box(b"ftyp", b"avif\x00\x00\x00\x00avif") + box(b"meta", bytes(4)),
    ],
    ids=[
        "no file type",
        "only a file type",
        "no items",
        "data cut off",
        "no data",
        "two sets of items",
        "no such primary item",
        "unknown way to place items",
        "unknown way to describe items",
        "no size",
        "no picture among the items",
        "no width",
        "samples past the end",
        "samples nowhere",
        "a film without pictures",
        "boxes without end",
        "empty meta box",
    ],
)
def test_a_broken_avif_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidImage):
        strip(data)


def test_frames_without_end_are_refused() -> None:
    at = FILM.index(b"stsz") + 12
    with pytest.raises(InvalidImage, match="1,000 frames"):
        strip(FILM[:at] + struct.pack(">I", 1_001) + FILM[at + 4 :])
