"""Profiles become sRGB; the dominant colour is found."""

from __future__ import annotations

import pytest
from PIL import Image, ImageCms

from shoebox.imaging.pillow.color import dominant_color, to_srgb

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
RED, GREEN = (255, 0, 0), (0, 255, 0)


def exchanged() -> bytes:
    """A profile whose red is green and whose green is red, under another name."""
    swapped = SRGB.replace(b"rXYZ", b"tmp!").replace(b"gXYZ", b"rXYZ").replace(b"tmp!", b"gXYZ")
    return swapped.replace("sRGB".encode("utf-16-be"), "odd!".encode("utf-16-be"))


def test_a_profile_is_applied() -> None:
    converted = to_srgb(Image.new("RGB", (4, 4), RED), exchanged())
    red, green, _ = converted.getpixel((0, 0))
    assert green > 200 > 100 > red


def test_alpha_passes_through_a_profile() -> None:
    converted = to_srgb(Image.new("RGBA", (4, 4), (*RED, 77)), exchanged())
    assert (converted.mode, converted.getpixel((0, 0))[3]) == ("RGBA", 77)


@pytest.mark.parametrize("profile", [None, b"", b"no profile", SRGB, SRGB[:200], bytes(3 * 1024**2)])
def test_srgb_and_broken_profiles_change_nothing(profile: bytes | None) -> None:
    assert to_srgb(Image.new("RGB", (4, 4), RED), profile).getpixel((0, 0)) == RED


@pytest.mark.parametrize("mode", ["L", "LA", "CMYK", "YCbCr", "RGBX"])
def test_a_profile_that_does_not_fit_the_picture_changes_nothing(mode: str) -> None:
    plain = to_srgb(Image.new("RGB", (4, 4), GREEN).convert(mode), None)
    gray = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    assert to_srgb(Image.new("RGB", (4, 4), GREEN).convert(mode), gray).tobytes() == plain.tobytes()


def test_the_most_frequent_colour_wins_exactly() -> None:
    picture = Image.new("RGB", (320, 200), (12, 34, 56))
    picture.paste((200, 200, 200), (0, 0, 150, 200))
    assert dominant_color(picture) == "#0c2238"


def test_nothing_but_transparency_is_white() -> None:
    assert dominant_color(Image.new("RGBA", (50, 50), (1, 2, 3, 0))) == "#ffffff"


def test_what_is_transparent_does_not_count() -> None:
    picture = Image.new("RGBA", (320, 200), (1, 2, 3, 127))
    picture.paste((12, 34, 56, 128), (0, 0, 100, 200))
    assert dominant_color(picture) == "#0c2238"


def test_shades_of_a_colour_count_together_and_give_their_mean() -> None:
    picture = Image.new("RGB", (16, 16), (200, 200, 200))
    picture.paste((10, 20, 30), (0, 0, 16, 5))
    picture.paste((14, 24, 34), (0, 5, 16, 10))
    assert dominant_color(picture) == "#0c1620"
