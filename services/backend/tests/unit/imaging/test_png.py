"""PNG: chunks that stay, chunks that go, chunks that must be right."""

from __future__ import annotations

import struct
import zlib

import pytest

from shoebox.domain.errors import InvalidImage
from shoebox.domain.image import Format
from shoebox.imaging import metadata
from tests.specimens import NEEDLE, png
from tests.specimens.marks import exif, motif, saved
from tests.specimens.png import SIGNATURE, chunk, chunks

PLAIN = saved(motif(), "PNG")
HEADER, BODY, END = PLAIN[:33], PLAIN[33:-12], PLAIN[-12:]
FILM = png.plain()["animation"]


def strip(data: bytes) -> bytes:
    return metadata.strip(Format.PNG, data)


@pytest.mark.parametrize(
    "kind", [b"cHRM", b"gAMA", b"iCCP", b"sBIT", b"sRGB", b"cICP", b"mDCV", b"cLLI", b"bKGD", b"hIST", b"pHYs", b"tRNS"]
)
def test_a_chunk_about_colour_or_density_stays(kind: bytes) -> None:
    data = HEADER + chunk(kind, b"\x00\x01") + BODY + END
    assert strip(data) == data


@pytest.mark.parametrize("kind", [b"tEXt", b"zTXt", b"iTXt", b"tIME", b"sPLT", b"dSIG", b"iDOT", b"caBX", b"abCd"])
def test_any_other_chunk_goes(kind: bytes) -> None:
    assert strip(HEADER + chunk(kind, NEEDLE) + BODY + chunk(kind, NEEDLE) + END) == PLAIN


def test_the_orientation_is_all_that_stays_of_exif() -> None:
    stripped = strip(HEADER + chunk(b"eXIf", exif(5)[6:]) + BODY + END)
    (kept,) = [whole for kind, whole in chunks(stripped) if kind == b"eXIf"]
    assert len(kept) == 12 + 26


def test_an_exif_prefix_that_does_not_belong_there_is_understood() -> None:
    assert metadata.outline(Format.PNG, HEADER + chunk(b"eXIf", exif(7)) + BODY + END).orientation == 7


def test_parts_of_an_animation_that_was_never_announced_go() -> None:
    frame = chunk(b"fcTL", bytes(26)) + chunk(b"fdAT", bytes(4) + NEEDLE)
    assert strip(HEADER + BODY + frame + END) == PLAIN


@pytest.mark.parametrize(
    "data",
    [
        SIGNATURE + END,
        HEADER + END,
        HEADER + BODY,
        SIGNATURE + BODY + END,
        HEADER + HEADER[8:] + BODY + END,
        HEADER + BODY + chunk(b"tEXt", b"") + BODY + END,
        HEADER + chunk(b"tEXt", b"note")[:-1] + b"\x00" + BODY + END,
        HEADER + chunk(b"CgBI", b"") + BODY + END,
        HEADER + struct.pack(">I", 0xFFFFFFFF) + BODY[4:] + END,
        SIGNATURE + chunk(b"IHDR", struct.pack(">IIBBBBB", 0, 16, 8, 2, 0, 0, 0)) + BODY + END,
        SIGNATURE + chunk(b"IHDR", struct.pack(">IIBBBBB", 2**31, 16, 8, 2, 0, 0, 0)) + BODY + END,
        SIGNATURE + chunk(b"IHDR", struct.pack(">IIBBBBB", 24, 16, 3, 2, 0, 0, 0)) + BODY + END,
        SIGNATURE + chunk(b"IHDR", struct.pack(">IIBBBBB", 24, 16, 8, 2, 0, 0, 7)) + BODY + END,
        HEADER + chunk(b"tEXt", b"") * 100_001 + BODY + END,
        HEADER + chunk(b"acTL", struct.pack(">II", 2, 0)) + BODY + END,
        HEADER + chunk(b"acTL", b"\x00") + BODY + END,
        FILM.replace(struct.pack(">II", 24, 16) + bytes(8), struct.pack(">II", 24, 17) + bytes(8)),
    ],
    ids=[
        "nothing",
        "no data",
        "no end",
        "no header",
        "two headers",
        "data torn apart",
        "wrong checksum",
        "unknown critical chunk",
        "length past the end",
        "no width",
        "width past the limit",
        "impossible depth",
        "impossible interlace",
        "chunks without end",
        "frames missing",
        "animation header cut",
        "frame outside",
    ],
)
def test_a_broken_png_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidImage):
        strip(data)


def test_frames_without_end_are_refused() -> None:
    control = struct.pack(">IIIIIHHBB", 0, 24, 16, 0, 0, 1, 10, 0, 0)
    frames = chunk(b"fcTL", control) * 1_001
    with pytest.raises(InvalidImage, match="1,000 frames"):
        strip(HEADER + chunk(b"acTL", struct.pack(">II", 1_001, 0)) + frames + BODY + END)


def test_a_bomb_is_measured_and_not_unpacked() -> None:
    size = 20_000
    row = zlib.compress(bytes(1 << 20))
    bomb = SIGNATURE + chunk(b"IHDR", struct.pack(">IIBBBBB", size, size, 8, 6, 0, 0, 0)) + chunk(b"IDAT", row) + END
    assert metadata.outline(Format.PNG, bomb).pixels == size * size
