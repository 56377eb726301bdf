"""Proof that a JPEG's data fills its picture. libjpeg paints what is missing grey and only warns."""

from __future__ import annotations

from PIL.JpegImagePlugin import JpegImageFile


def load_whole(picture: JpegImageFile) -> None:
    """Decode, refusing data that ends before the picture does."""
    picture.load()
