"""Pictures to upload: always the same ones, of a size, and never two uploads of equal bytes.

A photograph is made of noise in several sizes of grain, so that its details, its file size and
the time its decoding takes are those of a photograph. Making one takes up to a second; a pool
is a few of them. Where more must differ, a load generator puts one of the pool's salts into
its place in a file: the picture is still whole, its pixels cost the same, and it is another one
even for a system that strips metadata and keeps equal content once.
"""

from __future__ import annotations

import random
import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Final

from PIL import Image, ImageOps

SALTS: Final = 4096  # a pool; times its files that is more than a run uploads

_PHOTO: Final = ((400, 8), (25, 4), (3, 4), (1, 1))  # (grain in pixels, weight), coarse to fine
_DRAWING: Final = ((64, 8), (16, 4), (1, 1))
_DRAWING_BITS: Final = 5  # a colour: equal neighbours, which is what PNG is for
_JPEG_TABLE: Final = b"\xff\xdb\x00\x43\x01"  # the head of the second quantization table (ITU-T T.81, B.2.4.1)
_JPEG_SALT: Final = 4  # bytes at a table's end: the finest of the colour differences


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One size of picture. `size` is about what its file has, in bytes."""

    name: str
    format: str
    width: int
    height: int
    quality: int  # of a JPEG
    size: int

    @property
    def extension(self) -> str:
        """As file names have it."""
        return {"JPEG": "jpg", "PNG": "png"}[self.format]


KINDS: Final = {
    kind.name: kind
    for kind in (
        Kind(name="50k", format="PNG", width=260, height=195, quality=0, size=50_000),
        Kind(name="200k", format="JPEG", width=1000, height=750, quality=86, size=200_000),
        Kind(name="500k", format="JPEG", width=1600, height=1200, quality=86, size=500_000),
        Kind(name="4m", format="JPEG", width=4000, height=3000, quality=90, size=4_000_000),
    )
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """Files, and what may stand at `offset` of each: any of `salts`, all of the same length."""

    kind: Kind
    files: Sequence[Path]
    offset: int
    salts: Sequence[bytes]

    def bodies(self) -> Iterator[bytes]:
        """Every picture that the files and the salts make, the files in turn."""
        files = [file.read_bytes() for file in self.files]
        for salt in self.salts:
            for data in files:
                yield data[: self.offset] + salt + data[self.offset + len(salt) :]


def pool(folder: Path, name: str, count: int) -> Pool:
    """`count` pictures of the kind `name` (see `KINDS`) in `folder`, those there already kept."""
    kind = KINDS[name]
    folder.mkdir(parents=True, exist_ok=True)
    files = [folder / f"{name}-{number}.{kind.extension}" for number in range(count)]
    for number, file in enumerate(files):
        if not file.exists():
            draft = file.with_suffix(".new")
            draft.write_bytes(_picture(kind, number))
            draft.replace(file)
    offset, salts = _salts(files[0].read_bytes(), kind)
    return Pool(kind=kind, files=files, offset=offset, salts=salts)


def _picture(kind: Kind, number: int) -> bytes:
    out = BytesIO()
    grains = _PHOTO if kind.format == "JPEG" else _DRAWING
    image = _grained(kind.width, kind.height, random.Random(f"{kind.name} {number}"), grains)
    if kind.format == "JPEG":
        image.save(out, "JPEG", quality=kind.quality)
    else:
        # With a resolution there is a pHYs chunk, which also those keep who strip metadata.
        ImageOps.posterize(image, _DRAWING_BITS).save(out, "PNG", dpi=(96, 96))
    return out.getvalue()


def _grained(width: int, height: int, source: random.Random, grains: Sequence[tuple[int, int]]) -> Image.Image:
    picture = Image.new("RGB", (width, height))
    total = 0
    for grain, weight in grains:
        size = (max(2, width // grain), max(2, height // grain))
        layer = Image.frombytes("RGB", size, source.randbytes(size[0] * size[1] * 3))
        total += weight
        picture = Image.blend(picture, layer.resize((width, height), Image.Resampling.BICUBIC), weight / total)
    return picture


def _salts(data: bytes, kind: Kind) -> tuple[int, Sequence[bytes]]:
    """Where they go in a file of this kind, which all have the same head, and what they are."""
    if kind.format == "PNG":
        return data.index(b"pHYs") + 4, [_physical(number) for number in range(SALTS)]
    end = data.index(_JPEG_TABLE) + len(_JPEG_TABLE) + 64
    # Three bits in each of four entries, added to the table's own.
    own = data[end - _JPEG_SALT : end]
    steps = ([number >> shift & 7 for shift in (0, 3, 6, 9)] for number in range(SALTS))
    return end - _JPEG_SALT, [bytes(min(255, a + b) for a, b in zip(own, step, strict=True)) for step in steps]


def _physical(number: int) -> bytes:
    """The data and the check sum of a pHYs chunk: so many pixels a metre."""
    data = struct.pack(">IIB", 3780 + number, 3780 + number, 1)
    return data + struct.pack(">I", zlib.crc32(b"pHYs" + data))
