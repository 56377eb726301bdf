"""GIF: blocks that stay, blocks that go, blocks that must be right."""

from __future__ import annotations

import struct

import pytest

from shoebox.domain.errors import InvalidImage
from shoebox.domain.image import Format
from shoebox.imaging import metadata
from tests.specimens import NEEDLE, gif
from tests.specimens.gif import application, blocks

PLAIN = gif.plain()["still"]
FIRST = 13 + (3 << (PLAIN[10] & 7) + 1)
HEAD, FRAME = PLAIN[:FIRST], PLAIN[FIRST:-1]


def strip(data: bytes) -> bytes:
    return metadata.strip(Format.GIF, data)


def test_the_loop_stays_and_what_else_its_extension_carries_goes() -> None:
    loop = b"\x03\x01\x05\x00"
    loaded = HEAD + b"\x21\xff\x0bNETSCAPE2.0" + b"\x05\x02\x00\x00\x00\x00" + loop + blocks(NEEDLE) + FRAME + b";"
    assert strip(loaded) == HEAD + b"\x21\xff\x0bNETSCAPE2.0" + loop + b"\x00" + FRAME + b";"


def test_an_extension_that_only_claims_to_be_a_loop_goes() -> None:
    assert strip(HEAD + application(b"NETSCAPE2.0", NEEDLE) + FRAME + b";") == PLAIN


def test_the_delay_of_a_frame_stays() -> None:
    data = HEAD + b"\x21\xf9\x04\x00\x0a\x00\x00\x00" + FRAME + b";"
    assert strip(data) == data


def test_zeros_between_blocks_go() -> None:
    assert strip(HEAD + bytes(3) + FRAME + bytes(2) + b";") == PLAIN


def test_a_frame_beyond_the_canvas_counts_with_its_reach() -> None:
    at = PLAIN.index(b"\x2c", FIRST)
    moved = PLAIN[: at + 1] + struct.pack("<HH", 1000, 2000) + PLAIN[at + 5 :]
    outline = metadata.outline(Format.GIF, moved)
    assert (outline.width, outline.height) == (1024, 2016)
    assert outline.pixels == 1024 * 2016


def test_frames_on_a_large_canvas_count_whole() -> None:
    huge = PLAIN[:6] + struct.pack("<HH", 5000, 5000) + PLAIN[10:FIRST] + FRAME * 60 + b";"
    assert metadata.outline(Format.GIF, huge).pixels == 60 * 25_000_000


@pytest.mark.parametrize(
    "data",
    [
        HEAD,
        HEAD + b";",
        HEAD + FRAME,
        HEAD + b"X" + FRAME + b";",
        HEAD + b"\x21\xfe" + b"\x05note" + FRAME + b";",
        HEAD + FRAME * 1_001 + b";",
        HEAD + b"\x21\xfe" + b"\x01x" * 500_001 + b"\x00" + FRAME + b";",
        HEAD + bytes(500_001) + FRAME + b";",
        HEAD + b"\x2c" + struct.pack("<HHHH", 0, 0, 0, 9) + FRAME[9:] + b";",
        b"GIF89a\x01\x00",
    ],
    ids=[
        "only a head",
        "no frame",
        "no end",
        "unknown block",
        "block past the end",
        "frames without end",
        "sub-blocks without end",
        "zeros without end",
        "empty frame",
        "head cut off",
    ],
)
def test_a_broken_gif_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidImage):
        strip(data)
