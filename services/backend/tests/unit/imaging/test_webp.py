"""WebP: chunks that stay, chunks that go, headers that must agree."""

from __future__ import annotations

import struct

import pytest

from shoebox.domain.errors import InvalidImage
from shoebox.domain.image import Format
from shoebox.imaging import metadata
from tests.fuzz import decoding
from tests.specimens import NEEDLE, webp
from tests.specimens.marks import exif
from tests.specimens.webp import chunk, riff

LOSSY = webp.plain()["lossy"]
BODY = LOSSY[12:]
FILM = webp.plain()["animation"]


def strip(data: bytes) -> bytes:
    return metadata.strip(Format.WEBP, data)


def extended(flags: int, width: int = 24, height: int = 16) -> bytes:
    size = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return chunk(b"VP8X", bytes([flags, 0, 0, 0]) + size)


def test_chunks_behind_a_simple_picture_go() -> None:
    assert strip(riff(BODY + chunk(b"EXIF", exif(6)) + chunk(b"XMP ", NEEDLE))) == LOSSY


def test_chunks_whose_flag_is_not_set_go() -> None:
    loaded = riff(extended(0) + chunk(b"ICCP", NEEDLE) + BODY + chunk(b"EXIF", exif(6)))
    assert strip(loaded) == riff(extended(0) + BODY)
    assert metadata.outline(Format.WEBP, loaded).orientation == 1


def test_flags_say_what_is_left() -> None:
    loaded = riff(extended(0x2C) + chunk(b"ICCP", b"profile!") + BODY + chunk(b"EXIF", exif(6)) + chunk(b"XMP ", b"x"))
    assert strip(loaded)[20] == 0x28
    assert strip(loaded.replace(exif(6), exif(1)))[20] == 0x20


def test_a_missing_padding_byte_at_the_end_is_added() -> None:
    odd = riff(extended(0x08) + BODY + chunk(b"EXIF", b"odd"))[:-1]
    odd = odd[:4] + struct.pack("<I", len(odd) - 8) + odd[8:]
    assert strip(odd) == riff(extended(0) + BODY)


def test_unknown_chunks_inside_a_frame_go() -> None:
    at = FILM.index(b"ANMF")
    (size,) = struct.unpack_from("<I", FILM, at + 4)
    frame = FILM[at + 8 : at + 8 + size]
    loaded = riff(FILM[12:at] + chunk(b"ANMF", frame + chunk(b"nOtE", NEEDLE)) + FILM[at + 8 + size + (size & 1) :])
    assert NEEDLE in loaded
    assert strip(loaded) == FILM
    assert decoding.frames(Format.WEBP, loaded) == decoding.frames(Format.WEBP, FILM)


@pytest.mark.parametrize(
    "data",
    [
        riff(b""),
        riff(chunk(b"EXIF", b"1234")),
        riff(extended(0)),
        riff(extended(0) + BODY + BODY),
        riff(extended(0, width=25) + BODY),
        riff(extended(2)),
        riff(extended(2) + chunk(b"ANMF", bytes(8))),
        riff(chunk(b"VP8 ", bytes(20))),
        riff(chunk(b"VP8L", bytes(20))),
        riff(chunk(b"VP8X", bytes(4)) + BODY),
        riff(BODY)[:-1],
        riff(BODY[:4] + struct.pack("<I", 0xFFFFFFF0) + BODY[8:]),
        riff(extended(0) + BODY + chunk(b"nOtE", b"") * 10_001),
        FILM.replace(b"ANMF", b"ANMF", 1)[: FILM.index(b"ANMF") + 8]
        + b"\xff\xff\xff"
        + FILM[FILM.index(b"ANMF") + 11 :],
    ],
    ids=[
        "nothing",
        "no picture",
        "only a header",
        "two pictures",
        "another size than announced",
        "animation without frames",
        "frame cut off",
        "no VP8 data",
        "no VP8L data",
        "header cut off",
        "cut off",
        "chunk past the end",
        "chunks without end",
        "frame outside",
    ],
)
def test_a_broken_webp_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidImage):
        strip(data)


def test_frames_without_end_are_refused() -> None:
    at = FILM.index(b"ANMF")
    (size,) = struct.unpack_from("<I", FILM, at + 4)
    frame = FILM[at : at + 8 + size + (size & 1)]
    with pytest.raises(InvalidImage, match="1,000 frames"):
        strip(riff(FILM[12:at] + frame * 1_001))
