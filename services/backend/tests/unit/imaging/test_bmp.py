"""BMP: where its parts lie, and what may lie between them."""

from __future__ import annotations

import struct

import pytest

from shoebox.domain.errors import InvalidImage
from shoebox.domain.image import Format
from shoebox.imaging import metadata
from tests.fuzz import decoding
from tests.specimens import NEEDLE, PROFILE, bmp

PLAIN = bmp.plain()


def strip(data: bytes) -> bytes:
    return metadata.strip(Format.BMP, data)


def with_field(data: bytes, at: int, value: int, size: str = "<I") -> bytes:
    return data[:at] + struct.pack(size, value) + data[at + struct.calcsize(size) :]


def test_an_embedded_profile_stays() -> None:
    assert strip(bmp.load(PLAIN["profile"])).endswith(PROFILE)


def test_a_linked_profile_goes_with_the_name_of_its_place() -> None:
    stripped = strip(bmp.with_profile(b"KNIL", b"", b"C:\\Users\\Somebody\\screen.icc"))
    assert b"Somebody" not in stripped
    assert stripped[70:74] == b"BGRs"


def test_the_size_in_the_header_is_made_right_when_a_tail_goes() -> None:
    stripped = strip(PLAIN["RGB"] + NEEDLE)
    assert stripped == PLAIN["RGB"]
    assert struct.unpack_from("<I", strip(with_field(PLAIN["RGB"], 2, 0) + NEEDLE), 2)[0] == len(stripped)


def test_a_wrong_size_in_the_header_is_nobodys_business() -> None:
    data = with_field(PLAIN["RGB"], 2, 7)
    assert strip(data) == data


def test_a_picture_stored_from_the_top_is_measured_alike() -> None:
    data = with_field(PLAIN["RGB"], 22, -16, "<i")
    assert metadata.outline(Format.BMP, data).height == 16


def test_run_length_data_ends_where_its_rows_do() -> None:
    data = PLAIN["run-length"]
    assert strip(data + NEEDLE)[6:] == data[6:]
    without_end = data[:-2]
    assert strip(without_end) == without_end
    assert decoding.frames(Format.BMP, without_end) == decoding.frames(Format.BMP, data)


def test_a_raster_whose_place_is_not_given_is_found() -> None:
    data = with_field(PLAIN["RGB"], 10, 0)
    assert decoding.frames(Format.BMP, strip(data + NEEDLE)) == decoding.frames(Format.BMP, data)


@pytest.mark.parametrize(
    "data",
    [
        PLAIN["RGB"][:20],
        with_field(PLAIN["RGB"], 14, 41),
        with_field(PLAIN["RGB"], 18, 0),
        with_field(PLAIN["RGB"], 22, 0),
        with_field(PLAIN["RGB"], 18, 0xFFFFFFFF),
        with_field(PLAIN["RGB"], 22, 0x7FFFFFFF),
        with_field(PLAIN["RGB"], 28, 7, "<H"),
        with_field(PLAIN["RGB"], 30, 4),
        with_field(PLAIN["RGB"], 10, 20),
        with_field(PLAIN["RGB"], 10, 0xFFFFFFFF),
        with_field(PLAIN["profile"], 130, 0xFFFFFFFF),
        with_field(PLAIN["run-length"], 22, 40_000),
    ],
    ids=[
        "headers cut off",
        "unknown header",
        "no width",
        "no height",
        "negative width",
        "raster past the end",
        "impossible depth",
        "a JPEG inside",
        "raster in the header",
        "raster outside",
        "profile past the end",
        "run-length data past the end",
    ],
)
def test_a_broken_bmp_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidImage):
        strip(data.removesuffix(b"\x00\x01"))
