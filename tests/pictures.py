"""Pictures for tests, made on the spot."""

from __future__ import annotations

import io
import secrets
from pathlib import Path
from typing import Final

from PIL import Image

PHOTOS: Final = sorted((Path(__file__).parent / "data" / "photos").glob("*.[jp][pn]g"))


def picture(width: int = 8, height: int = 6, *, form: str = "PNG", color: tuple[int, int, int] | None = None) -> bytes:
    """A picture of one colour, a random one if none is given."""
    file = io.BytesIO()
    Image.new("RGB", (width, height), color or tuple(secrets.token_bytes(3))).save(file, form)
    return file.getvalue()


def noise(width: int, height: int, *, form: str = "PNG", quality: int = 90) -> bytes:
    """A picture that cannot be compressed: a PNG of 3 bytes a pixel, a JPEG of about one."""
    file = io.BytesIO()
    Image.frombytes("RGB", (width, height), secrets.token_bytes(width * height * 3)).save(file, form, quality=quality)
    return file.getvalue()
