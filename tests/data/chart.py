"""The picture most of the corpus shows: a colour in each corner, so that every turn is seen."""

from __future__ import annotations

from io import BytesIO
from typing import Any, Final

from PIL import Image

SIZE: Final = (120, 80)  # wider than tall, so that a forgotten quarter turn is seen
CORNERS: Final = ((200, 30, 30), (30, 160, 40), (30, 40, 200), (230, 220, 40))  # clockwise rows: TL TR BL BR

# What a camera held that way stores; displaying turns it back (EXIF 2.32, 4.6.4, Orientation).
_AS_STORED: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


def chart(mode: str = "RGB", size: tuple[int, int] = SIZE) -> Image.Image:
    """The chart; in modes with alpha fully opaque but for a hole in the middle."""
    small = Image.new("RGB", (2, 2))
    for index, color in enumerate(CORNERS):
        small.putpixel((index % 2, index // 2), color)
    picture = small.resize(size, Image.Resampling.NEAREST)
    if mode in {"RGBA", "LA"}:
        picture.putalpha(_hole(size))
    if mode == "I;16":
        return picture.convert("L").convert("I").point(lambda value: value * 257).convert("I;16")
    if mode == "I":
        return picture.convert("L").convert("I").point(lambda value: value * 257)
    if mode == "F":
        return picture.convert("L").convert("F").point(lambda value: value * (1 / 255) + 0)
    if mode == "P":
        return picture.quantize(16)
    return picture.convert(mode)


def _hole(size: tuple[int, int]) -> Image.Image:
    alpha = Image.new("L", size, 255)
    width, height = size
    alpha.paste(0, (width * 3 // 8, height * 3 // 8, width * 5 // 8, height * 5 // 8))
    return alpha


def turned(orientation: int, mode: str = "RGB", size: tuple[int, int] = SIZE) -> Image.Image:
    """The chart as a file with that EXIF orientation stores it."""
    picture = chart(mode, size)
    turn = _AS_STORED.get(orientation)
    return picture if turn is None else picture.transpose(turn)


def exif(orientation: int = 1) -> Image.Exif:
    """EXIF with an orientation, a camera and a place."""
    tags = Image.Exif()
    tags[0x0112] = orientation
    tags[0x010F] = "Secretcam"
    tags.get_ifd(0x8825).update({1: "N", 2: (48.0, 51.0, 29.6), 3: "E", 4: (2.0, 17.0, 40.2)})
    return tags


def saved(picture: Image.Image, file_format: str, **options: Any) -> bytes:
    """The picture as a file."""
    out = BytesIO()
    picture.save(out, file_format, **options)
    return out.getvalue()


def animated(file_format: str, count: int, size: tuple[int, int] = SIZE, **options: Any) -> bytes:
    """The chart, then `count - 1` frames with a square that moves."""
    frames = [chart(size=size) for _ in range(count)]
    for number, frame in enumerate(frames[1:]):
        frame.paste((255, 255, 255), (number, number, number + 8, number + 8))
    return saved(frames[0], file_format, save_all=True, append_images=frames[1:], **options)


def cut(data: bytes, share: float) -> bytes:
    """The first part of a file."""
    return data[: int(len(data) * share)]
