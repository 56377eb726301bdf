"""A store of a million small pictures, files and rows, for sweeps, checks, backups and exports.

    python -m tests.bench.files --images FOLDER (--sqlite FILE | --postgres DSN) [--rows N]

Every picture is a whole PNG of its own, so that it takes an inode and a block (4 KiB) as a real
one would. Nothing is synced: this is no store to keep.
"""

from __future__ import annotations

import argparse
import hashlib
import struct
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from shoebox.storage.layout import Layout
from tests.bench import rows
from tests.bench.rows import Row

SIDE: Final = 2  # pixels
_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"


def picture(number: int) -> bytes:
    """A PNG that no other number has (PNG specification, 5 Datastream structure)."""
    header = struct.pack(">IIBBBBB", SIDE, SIDE, 8, 2, 0, 0, 0)
    pixels = number.to_bytes(SIDE * SIDE * 3, "big")
    lines = b"".join(b"\0" + pixels[start : start + SIDE * 3] for start in range(0, len(pixels), SIDE * 3))
    return _SIGNATURE + _chunk(b"IHDR", header) + _chunk(b"IDAT", zlib.compress(lines)) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def make(root: Path, count: int, *, seed: int = 0) -> Iterator[Row]:
    """Write so many pictures below `root`, laid out as the store does; their rows."""
    layout, made = Layout(root=str(root.absolute())), set[Path]()
    for number, row in enumerate(rows.make(count, seed=seed)):
        data = picture(number)
        digest = hashlib.sha256(data)
        key = f"{row.key.partition('.')[0]}.png"
        name, content = Path(layout.picture(key)), Path(layout.content(digest.hexdigest()))
        for folder in (name.parent, content.parent):
            if folder not in made:
                folder.mkdir(parents=True, exist_ok=True)
                made.add(folder)
        name.write_bytes(data)
        content.hardlink_to(name)
        yield row._replace(key=key, size=len(data), width=SIDE, height=SIDE, format="png", sha256=digest.digest())


def main() -> None:
    """Fill what the arguments name."""
    parser = argparse.ArgumentParser(prog="files", description=__doc__)
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--sqlite", type=Path, metavar="FILE")
    where.add_argument("--postgres", metavar="DSN")
    parser.add_argument("--images", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--rows", type=int, default=rows.MILLION)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    began = time.monotonic()
    made, bulk = make(given.images, given.rows, seed=given.seed), given.rows >= rows.BULK
    if given.sqlite is not None:
        rows.load_sqlite(given.sqlite, made, bulk=bulk)
    else:
        rows.load(rows.login_of(given.postgres), made, bulk=bulk)
    print(f"{given.rows} pictures in {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
