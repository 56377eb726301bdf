"""TIFF: tags that stay, bytes that nothing points to, tables that lead astray."""

from __future__ import annotations

import io
import struct

import pytest
from PIL import Image

from shoebox.domain.errors import InvalidImage, UnsupportedFormat
from shoebox.domain.image import Format
from shoebox.imaging import metadata
from tests.fuzz import decoding
from tests.specimens import NEEDLE, tiff
from tests.specimens.marks import motif, saved

MOTOROLA = tiff.motorola()
RASTER = motif("L").tobytes()
WIDTH, HEIGHT = motif("L").size


def strip(data: bytes) -> bytes:
    return metadata.strip(Format.TIFF, data)


def grey(*extra: tuple[int, int], following: int = 0, gap: bytes = b"", omit: tuple[int, ...] = ()) -> bytes:
    """A little-endian grey picture: header, table, gap, raster. `extra` are LONG tags or replacements."""

    def table(place: int) -> bytes:
        fields = {256: WIDTH, 257: HEIGHT, 258: 8, 259: 1, 262: 1, 273: place, 277: 1, 278: HEIGHT, 279: len(RASTER)}
        fields |= dict(extra)
        rows = [(tag, 4, 1, struct.pack("<I", value)) for tag, value in sorted(fields.items()) if tag not in omit]
        return tiff.directory("<", rows, following)

    place = 8 + len(table(0)) + len(gap)
    return b"II*\x00" + struct.pack("<I", 8) + table(place) + gap + RASTER


def test_what_no_tag_points_to_becomes_zeros() -> None:
    assert strip(grey(gap=NEEDLE)) == grey(gap=bytes(len(NEEDLE)))


def test_a_table_grows_shorter_where_it_stands() -> None:
    loaded, stripped = grey((34665, 0), (34853, 0)), strip(grey((34665, 0), (34853, 0)))
    assert len(stripped) == len(loaded)
    assert struct.unpack_from("<H", stripped, 8)[0] == struct.unpack_from("<H", loaded, 8)[0] - 2
    assert decoding.frames(Format.TIFF, stripped) == decoding.frames(Format.TIFF, loaded)


def test_tags_stay_in_order() -> None:
    with Image.open(io.BytesIO(strip(next(iter(tiff.loaded(6).values()))))) as picture:
        tags = list(picture.tag_v2)
        assert tags == sorted(tags)
        assert {270, 271, 305, 315, 700, 33432, 34665, 34853}.isdisjoint(tags)
        assert {256, 257, 258, 274, 34675}.issubset(tags)


def test_smaller_copies_go_and_pages_stay() -> None:
    out = io.BytesIO()
    motif().save(out, "TIFF", save_all=True, append_images=[motif("L", 10), motif("L", 20)])
    pages = out.getvalue()
    outline = metadata.outline(Format.TIFF, pages)
    assert (outline.frames, outline.pixels) == (3, 3 * 24 * 16)
    loaded = tiff.loaded(1)["comments in a strip"]
    assert metadata.outline(Format.TIFF, loaded).frames == 1
    with Image.open(io.BytesIO(loaded)) as before, Image.open(io.BytesIO(strip(loaded))) as after:
        assert (before.n_frames, after.n_frames) == (2, 1)


def test_a_raster_that_is_larger_than_its_announced_size_stays_whole() -> None:
    for data in (grey((279, 1)), grey(omit=(279,))):
        assert strip(data) == data
        assert decoding.frames(Format.TIFF, data)


def test_tiles_stay() -> None:
    tile = 16 * 16
    data = grey((256, 16), (257, 16), (322, 16), (323, 16), (324, 8 + 150), (325, tile), omit=(273, 278, 279))
    assert decoding.frames(Format.TIFF, strip(data)) == decoding.frames(Format.TIFF, data)


def test_both_byte_orders_and_big_files_are_read() -> None:
    assert strip(MOTOROLA) == MOTOROLA
    big = saved(motif(), "TIFF", big_tiff=True)
    assert strip(big) == big
    assert metadata.outline(Format.TIFF, big).width == WIDTH


@pytest.mark.parametrize("extra", [(50706, 0x401), (330, 8)], ids=["DNG", "the picture in a sub-directory"])
def test_a_raw_file_of_a_camera_is_unsupported(extra: tuple[int, int]) -> None:
    with pytest.raises(UnsupportedFormat, match="raw"):
        strip(grey((254, 1), extra))


@pytest.mark.parametrize(
    "data",
    [
        b"II*\x00" + bytes(4),
        b"II*\x00" + struct.pack("<I", 0xFFFFFFF0),
        b"II+\x00\x08\x00\x00\x00" + struct.pack("<Q", 2**63),
        grey(following=8),
        grey(following=0x7FFFFFFF),
        grey((256, 0)),
        grey((257, 0)),
        grey((273, 0xFFFFFF00)),
        grey((273, 0)),
        grey((273, 20)),
        grey((259, 6)),
        grey((259, 5), omit=(279,)),
        grey((259, 5), (279, 0)),
        grey((259, 5), (279, 0xFFFFFF)),
        grey(omit=(273,)),
        grey()[:22] + struct.pack("<HHI", 256, 4, 1) + grey()[30:],
        grey()[:10] + struct.pack("<HHI", 256, 5, 1) + grey()[18:],
        grey()[:10] + struct.pack("<HHI", 256, 4, 0xFFFFFFFF) + grey()[18:],
    ],
    ids=[
        "no page",
        "table outside",
        "big table outside",
        "pages in a circle",
        "next page outside",
        "no width",
        "no height",
        "strip outside",
        "strip on the header and the table",
        "strip on the table",
        "withdrawn JPEG",
        "no sizes of packed strips",
        "packed strip of no size",
        "packed strip past the end",
        "no strips",
        "a tag twice",
        "a width that is a fraction",
        "values past the end",
    ],
)
def test_a_broken_tiff_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidImage):
        strip(data)


def test_pages_without_end_are_refused() -> None:
    size = len(grey()) - 8
    pages = [grey(following=8 + size * (number + 1))[8:] for number in range(1_001)]
    with pytest.raises(InvalidImage, match="1,000 frames"):
        strip(b"II*\x00" + struct.pack("<I", 8) + b"".join(pages))
