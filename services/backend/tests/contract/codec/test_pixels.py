"""What a codec that looks at pixels promises besides."""

from __future__ import annotations

from io import BytesIO

import pytest
from PIL import Image

from services.backend.tests.staged import staged
from shoebox.domain.errors import InvalidImage
from shoebox.domain.image import GALLERY_WIDTH, THUMBNAIL_WIDTHS
from shoebox.ports import ImageCodec
from tests.data.chart import CORNERS, chart, exif, saved, turned


def opened(webp: bytes) -> Image.Image:
    with Image.open(BytesIO(webp), formats=["WEBP"]) as picture:
        picture.load()
        return picture


def test_metadata_is_gone_from_the_file_itself(real_codec: ImageCodec) -> None:
    with staged(saved(chart(), "JPEG", exif=exif())) as file:
        real_codec.examine(file)
        assert b"Secretcam" not in file.content()


def test_a_picture_without_metadata_stays_byte_for_byte(real_codec: ImageCodec) -> None:
    plain = saved(chart(), "PNG")
    with staged(plain) as file:
        real_codec.examine(file)
        assert file.content() == plain


def test_a_file_that_shrinks_has_no_old_bytes_at_its_end(real_codec: ImageCodec) -> None:
    with staged(saved(chart(), "JPEG") + b"secret" * 1000) as file:
        facts = real_codec.examine(file).facts
        assert file.content().endswith(b"\xff\xd9")
        assert facts.size == file.size


def test_a_thumbnail_holds_pixels_and_nothing_else(real_codec: ImageCodec) -> None:
    with staged(saved(chart(), "WEBP", exif=exif(), xmp=b"<x>48.858N</x>")) as file:
        thumbnail = real_codec.examine(file).thumbnail
    assert not {b"EXIF", b"XMP ", b"ICCP"} & {thumbnail[at : at + 4] for at in range(len(thumbnail))}


@pytest.mark.parametrize("width", THUMBNAIL_WIDTHS)
def test_a_thumbnail_is_as_wide_as_asked(real_codec: ImageCodec, width: int) -> None:
    large = BytesIO(saved(chart(size=(2000, 1000)), "JPEG"))
    assert opened(real_codec.thumbnail(large, width)).size == (width, width // 2)


def test_a_thumbnail_is_never_larger_than_the_picture(real_codec: ImageCodec) -> None:
    assert opened(real_codec.thumbnail(BytesIO(saved(chart(), "PNG")), 1280)).size == (120, 80)


def test_width_is_meant_as_displayed(real_codec: ImageCodec) -> None:
    lying = saved(turned(6, size=(1000, 2000)), "JPEG", exif=exif(6))
    assert opened(real_codec.thumbnail(BytesIO(lying), 160)).size == (160, 320)


def test_the_gallery_thumbnail_is_320_wide(real_codec: ImageCodec) -> None:
    with staged(saved(chart(size=(640, 1000)), "PNG")) as file:
        assert opened(real_codec.examine(file).thumbnail).size == (GALLERY_WIDTH, 500)


def test_a_picture_too_tall_for_webp_is_scaled_further(real_codec: ImageCodec) -> None:
    tall = BytesIO(saved(chart("L", (300, 40_000)), "PNG"))
    assert opened(real_codec.thumbnail(tall, 320)).size == (123, 16383)


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_transparency_survives(real_codec: ImageCodec, mode: str) -> None:
    with staged(saved(chart(mode), "PNG")) as file:
        thumbnail = opened(real_codec.examine(file).thumbnail)
    assert (thumbnail.getpixel((60, 40))[3], thumbnail.getpixel((5, 5))[3]) == (0, 255)


def test_an_animation_shows_its_first_frame(real_codec: ImageCodec) -> None:
    frames = [chart(), Image.new("RGB", (120, 80), "black")]
    with staged(saved(frames[0], "GIF", save_all=True, append_images=frames[1:])) as file:
        thumbnail = opened(real_codec.examine(file).thumbnail)
    assert all(abs(got - wanted) < 30 for got, wanted in zip(thumbnail.getpixel((5, 5)), CORNERS[0], strict=True))


def test_the_color_is_what_most_of_the_picture_shows(real_codec: ImageCodec) -> None:
    picture = Image.new("RGB", (100, 100), (10, 120, 200))
    picture.paste((250, 250, 250), (0, 0, 100, 30))
    with staged(saved(picture, "PNG")) as file:
        assert real_codec.examine(file).facts.color == "#0a78c8"


def test_transparent_pixels_have_no_color(real_codec: ImageCodec) -> None:
    picture = Image.new("RGBA", (100, 100), (0, 0, 0, 0))
    picture.paste((200, 40, 40, 255), (0, 0, 20, 20))
    with staged(saved(picture, "PNG")) as file:
        red, green, blue = bytes.fromhex(real_codec.examine(file).facts.color[1:])
    assert (red > 180, green < 70, blue < 70) == (True, True, True)


def test_a_broken_tiff_is_refused_without_a_word(real_codec: ImageCodec, capfd: pytest.CaptureFixture[str]) -> None:
    fax = saved(Image.effect_noise((200, 200), 90).convert("1"), "TIFF", compression="group4")
    with staged(fax[:600] + b"\xff\x55" * 20 + fax[640:]) as file, pytest.raises(InvalidImage):
        real_codec.examine(file)
    assert "Fax4Decode" not in capfd.readouterr().err
