"""JPEG: what real files do to the standard, and what no file may do."""

from __future__ import annotations

import io
import struct

import pytest
from PIL import Image

from shoebox.domain.errors import InvalidImage
from shoebox.domain.image import Format
from shoebox.imaging import metadata
from shoebox.imaging.metadata.jpeg import MAX_SCANS
from tests.fuzz import decoding
from tests.specimens import NEEDLE, PROFILE, jpeg
from tests.specimens.jpeg import segment
from tests.specimens.marks import exif, motif, saved

BASELINE = saved(motif(), "JPEG")


def strip(data: bytes) -> bytes:
    return metadata.strip(Format.JPEG, data)


def test_fill_bytes_before_a_marker_stay() -> None:
    data = BASELINE[:2] + b"\xff\xff" + BASELINE[2:]
    assert strip(data) == data


def test_fill_bytes_inside_a_scan_are_data() -> None:
    data = saved(motif(), "JPEG", restart_marker_blocks=1).replace(b"\xff\xd0", b"\xff\xff\xd0")
    assert metadata.inspect(Format.JPEG, data).clean
    assert decoding.frames(Format.JPEG, strip(data)) == decoding.frames(Format.JPEG, data)


def test_garbage_between_segments_goes() -> None:
    assert strip(BASELINE[:20] + NEEDLE + b"\xff\x00" + BASELINE[20:]) == BASELINE


def test_zeros_behind_the_end_go() -> None:
    assert strip(BASELINE + bytes(512)) == BASELINE


def test_an_mpo_keeps_its_first_picture() -> None:
    out = io.BytesIO()
    motif().save(out, "MPO", save_all=True, append_images=[motif(turn=30)])
    stripped = strip(out.getvalue())
    with Image.open(io.BytesIO(stripped)) as picture:
        assert picture.format == "JPEG"
    assert decoding.frames(Format.JPEG, stripped) == decoding.frames(Format.JPEG, out.getvalue())
    assert stripped.count(b"\xff\xd8\xff") == 1


def test_the_jfif_thumbnail_goes_and_the_density_stays() -> None:
    stripped = strip(jpeg.load(BASELINE, 1))
    assert stripped[2:20] == b"\xff\xe0\x00\x10JFIF\x00\x01\x02\x00\x00\x48\x00\x48\x00\x00"


def test_the_colour_transform_of_adobe_stays() -> None:
    data = saved(motif("CMYK"), "JPEG")
    with Image.open(io.BytesIO(strip(jpeg.load(data, 3)))) as picture:
        assert picture.info["adobe_transform"] == Image.open(io.BytesIO(data)).info["adobe_transform"]


def test_only_a_whole_colour_profile_stays() -> None:
    data = saved(motif(), "JPEG", icc_profile=PROFILE * 300)
    first = data.index(b"\xff\xe2")
    (length,) = struct.unpack_from(">H", data, first + 2)
    torn = data[:first] + data[first + 2 + length :]
    assert b"ICC_PROFILE" in torn
    assert b"ICC_PROFILE" not in strip(torn)


@pytest.mark.parametrize("orientation", [0, 1, 9, 65535])
def test_an_orientation_that_turns_nothing_leaves_no_exif(orientation: int) -> None:
    assert b"Exif" not in strip(jpeg.load(BASELINE, orientation))


def test_the_first_exif_is_the_one_that_counts() -> None:
    two = jpeg.load(jpeg.load(BASELINE, 6), 8)
    assert metadata.outline(Format.JPEG, two).orientation == 8
    assert metadata.outline(Format.JPEG, strip(two)).orientation == 8


def test_an_exif_behind_the_first_scan_turns_nothing() -> None:
    assert strip(BASELINE[:-2] + segment(0xE1, exif(6)) + b"\xff\xd9") == BASELINE


def test_an_exif_that_leads_outside_itself_is_ignored() -> None:
    for place in (8, 200, 0xFFFFFFFF):
        block = b"Exif\x00\x00II*\x00" + struct.pack("<IH", place, 0xFFFF) + bytes(30)
        assert strip(BASELINE[:2] + segment(0xE1, block) + BASELINE[2:]) == BASELINE


def test_the_outline_counts_scans() -> None:
    assert metadata.outline(Format.JPEG, BASELINE).scans == 1
    assert metadata.outline(Format.JPEG, saved(motif(), "JPEG", progressive=True)).scans > 1


def test_a_progressive_picture_counts_as_two_scans_at_least() -> None:
    data = saved(motif("L"), "JPEG", progressive=True)
    second = data.index(b"\xff\xda", data.index(b"\xff\xda") + 2)
    tables = data.rindex(b"\xff\xc4", 0, second)
    assert metadata.outline(Format.JPEG, data[:tables] + b"\xff\xd9").scans == 2


def test_scans_without_end_are_refused() -> None:
    data = saved(motif(), "JPEG", progressive=True)
    last = data.rindex(b"\xff\xda")
    with pytest.raises(InvalidImage, match="scans"):
        strip(data[:-2] + data[last:-2] * MAX_SCANS + b"\xff\xd9")


@pytest.mark.parametrize(
    "data",
    [
        BASELINE[:2] + BASELINE[-2:],
        BASELINE[: BASELINE.index(b"\xff\xda")] + b"\xff\xd9",
        BASELINE[:2] + BASELINE[:2] + BASELINE[2:],
        BASELINE[:2] + b"\xff\x02\x00\x04\x00\x00" + BASELINE[2:],
        BASELINE[:2] + b"\xff\xfe\x00\x01" + BASELINE[2:],
        BASELINE[:2] + b"\xff\xfe\xff\xff" + BASELINE[2:],
        BASELINE[:-2] + BASELINE[BASELINE.index(b"\xff\xc0") : BASELINE.index(b"\xff\xc4")] + b"\xff\xd9",
        BASELINE.replace(struct.pack(">HH", 16, 24), struct.pack(">HH", 0, 24)),
        BASELINE.replace(struct.pack(">HH", 16, 24), struct.pack(">HH", 16, 0)),
        BASELINE[:2] + segment(0xFE, b"") * 10_001 + BASELINE[2:],
        b"\xff\xd8" + b"\xff" * 100_000,
        b"\xff\xd8" + b"\xff\x00" * 100_000,
    ],
    ids=[
        "nothing",
        "no scan",
        "two beginnings",
        "reserved marker",
        "length below its own",
        "length past the end",
        "two frames",
        "no height",
        "no width",
        "segments without end",
        "only fill",
        "only stuffing",
    ],
)
def test_a_broken_jpeg_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidImage):
        strip(data)
