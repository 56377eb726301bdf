"""What is promised of every format alike."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest
from PIL import Image

from shoebox.domain.errors import InvalidImage
from shoebox.domain.image import Format
from shoebox.imaging import metadata
from tests.fuzz import decoding
from tests.specimens import MAKERS, NEEDLE, PROFILE

TURNED = [(image_format, turn) for image_format in Format for turn in MAKERS[image_format].orientations]
every_format = pytest.mark.parametrize("image_format", list(Format), ids=lambda image_format: image_format.name)
every_turn = pytest.mark.parametrize(
    ("image_format", "turn"), TURNED, ids=[f"{image_format.name}-{turn}" for image_format, turn in TURNED]
)


def loaded(image_format: Format) -> Iterator[tuple[str, bytes]]:
    maker = MAKERS[image_format]
    for orientation in (1, maker.orientations[-1]):
        yield from maker.loaded(orientation).items()


@every_format
def test_no_needle_is_left_in_any_byte(image_format: Format) -> None:
    for name, data in loaded(image_format):
        assert NEEDLE in data, name
        assert NEEDLE not in metadata.strip(image_format, data), name


@every_format
def test_pixels_stay_bit_for_bit_in_every_frame(image_format: Format) -> None:
    for name, data in loaded(image_format):
        expected = decoding.frames(image_format, data)
        assert expected, name
        assert decoding.frames(image_format, metadata.strip(image_format, data)) == expected, name


@every_turn
def test_orientation_stays(image_format: Format, turn: int) -> None:
    for name, data in MAKERS[image_format].loaded(turn).items():
        stripped = metadata.strip(image_format, data)
        assert metadata.outline(image_format, data).orientation == turn, name
        assert metadata.outline(image_format, stripped).orientation == turn, name
        with Image.open(io.BytesIO(stripped)) as picture:
            assert picture.getexif().get(0x0112, 1) == turn, name


@every_format
def test_of_exif_nothing_but_the_orientation_is_left(image_format: Format) -> None:
    for name, data in MAKERS[image_format].loaded(MAKERS[image_format].orientations[-1]).items():
        with Image.open(io.BytesIO(metadata.strip(image_format, data))) as picture:
            assert not picture.getexif().get_ifd(0x8769), name
            assert not picture.getexif().get_ifd(0x8825), name
            assert not {"xmp", "XML:com.adobe.xmp", "comment", "photoshop", "mp"} & picture.info.keys(), name


@pytest.mark.parametrize(
    "image_format",
    [image_format for image_format in Format if MAKERS[image_format].keeps_profile],
    ids=lambda image_format: image_format.name,
)
def test_the_colour_profile_stays(image_format: Format) -> None:
    kept = []
    for _, data in loaded(image_format):
        with (
            Image.open(io.BytesIO(data)) as before,
            Image.open(io.BytesIO(metadata.strip(image_format, data))) as after,
        ):
            assert after.info.get("icc_profile") == before.info.get("icc_profile")
            kept.append(after.info.get("icc_profile"))
    assert PROFILE in kept


@every_format
def test_stripping_twice_is_stripping_once(image_format: Format) -> None:
    for name, data in loaded(image_format):
        once = metadata.inspect(image_format, metadata.strip(image_format, data))
        assert once.clean, name
        assert once.stripped() == metadata.strip(image_format, data), name


@every_format
def test_a_file_without_metadata_comes_out_byte_for_byte(image_format: Format) -> None:
    for name, data in MAKERS[image_format].plain().items():
        inspection = metadata.inspect(image_format, data)
        assert inspection.clean, name
        assert inspection.stripped() == data, name


@every_format
def test_a_file_with_metadata_is_not_called_clean(image_format: Format) -> None:
    assert not any(metadata.inspect(image_format, data).clean for _, data in loaded(image_format))


@every_format
def test_the_outline_is_what_a_decoder_makes(image_format: Format) -> None:
    for name, data in [*MAKERS[image_format].plain().items(), *loaded(image_format)]:
        outline = metadata.outline(image_format, data)
        frames = decoding.frames(image_format, data)
        assert frames, name
        # TIFF pages are turned while they are decoded.
        size = outline.displayed if image_format is Format.TIFF else (outline.width, outline.height)
        assert frames[0].size == size, name
        assert outline.frames == len(frames), name
        assert outline.pixels == sum(frame.size[0] * frame.size[1] for frame in frames), name


@every_format
def test_a_file_that_is_cut_off_is_refused(image_format: Format) -> None:
    for name, data in MAKERS[image_format].plain().items():
        cuts = [len(data) * tenth // 10 for tenth in range(10)]
        # BMP says itself how much of it is needed; every other format ends with a mark or a length.
        cuts += [len(data) - 1] if image_format is not Format.BMP else []
        for cut in cuts:
            with pytest.raises(InvalidImage):
                pytest.fail(f"{name} cut at {cut}: {metadata.outline(image_format, data[:cut])}")


@every_format
def test_views_are_accepted_as_bytes_are(image_format: Format) -> None:
    for data in MAKERS[image_format].loaded(1).values():
        assert metadata.strip(image_format, memoryview(bytearray(data))) == metadata.strip(image_format, data)
