"""Small pictures, by format: `plain` ones with nothing to hide, `loaded` ones with a needle in
every place that is known to hold metadata.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from shoebox.domain.image import Format
from tests.specimens import avif, bmp, gif, jpeg, png, tiff, webp
from tests.specimens.marks import NEEDLE, PROFILE

__all__ = ["MAKERS", "NEEDLE", "PROFILE", "Maker"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Maker:
    """How to make specimens of a format. `loaded` takes an EXIF orientation."""

    plain: Callable[[], dict[str, bytes]]
    loaded: Callable[[int], dict[str, bytes]]
    orientations: tuple[int, ...] = tuple(range(1, 9))
    keeps_profile: bool = True


MAKERS: Final[dict[Format, Maker]] = {
    Format.JPEG: Maker(plain=jpeg.plain, loaded=jpeg.loaded),
    Format.PNG: Maker(plain=png.plain, loaded=png.loaded),
    Format.GIF: Maker(plain=gif.plain, loaded=gif.loaded, orientations=(1,), keeps_profile=False),
    Format.WEBP: Maker(plain=webp.plain, loaded=webp.loaded),
    Format.BMP: Maker(plain=bmp.plain, loaded=bmp.loaded, orientations=(1,), keeps_profile=False),
    Format.TIFF: Maker(plain=tiff.plain, loaded=tiff.loaded),
    Format.AVIF: Maker(plain=avif.plain, loaded=avif.loaded),
}
