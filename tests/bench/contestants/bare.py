"""What an upload must cost at least: its hash, its decode, its thumbnail, and nothing else.

    python -m tests.bench.contestants.bare FOLDER KIND SECONDS

Two processes for two cores. A JPEG is decoded at the smallest scale that still covers the
thumbnail: that reads every byte of it, which is what proves it whole.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from io import BytesIO
from itertools import cycle, islice
from pathlib import Path
from typing import Final

from PIL import Image

from tests.bench.pictures import pool
from tests.stack.checkout import CHECKOUT

WIDTH: Final = 320  # pixels
QUALITY: Final = 70  # of the WebP, as ours
FILES: Final = 2  # different pictures
_PATIENCE: Final = 60.0  # seconds more than it was told, for starting


@dataclass(frozen=True, slots=True, kw_only=True)
class Bare:
    """Pictures a second of all processes together, and a core's time for one."""

    rate: float
    milliseconds: float


def measure(folder: Path, kind: str, *, seconds: float, processes: int = 2) -> Bare:
    """With the pictures of `kind` in `folder`, which are made if they are not there."""
    pool(folder, kind, FILES)
    argv = [sys.executable, "-m", __name__, str(folder), kind, str(seconds)]
    path = os.pathsep.join(["services/backend/src", "."])
    children = [
        subprocess.Popen(argv, cwd=CHECKOUT, env={**os.environ, "PYTHONPATH": path}, stdout=subprocess.PIPE, text=True)
        for _ in range(processes)
    ]
    try:
        told = [json.loads(child.communicate(timeout=seconds + _PATIENCE)[0]) for child in children]
    finally:
        for child in children:
            child.kill()
            child.wait()
    return Bare(
        rate=sum(one["count"] / one["seconds"] for one in told),
        milliseconds=1000 * sum(one["cpu"] for one in told) / sum(one["count"] for one in told),
    )


def digest_and_thumbnail(data: bytes) -> tuple[str, bytes]:
    """The least that has to be done with an upload."""
    with Image.open(BytesIO(data)) as picture:
        height = max(1, picture.height * WIDTH // picture.width)
        picture.draft(None, (WIDTH, height))
        small = picture.reduce(max(1, picture.width // (2 * WIDTH)))
        if small.width > WIDTH:
            small = small.resize((WIDTH, height), Image.Resampling.BILINEAR)
        out = BytesIO()
        small.save(out, "WEBP", quality=QUALITY, method=0)
    return hashlib.sha256(data).hexdigest(), out.getvalue()


def work(folder: Path, kind: str, seconds: float) -> dict[str, float]:
    """Do it for so long; how often that was, and how much processor time it took."""
    pictures = cycle(list(islice(pool(folder, kind, FILES).bodies(), 8)))
    digest_and_thumbnail(next(pictures))  # loads what Pillow loads late
    count, began, before = 0, time.monotonic(), time.process_time()
    while time.monotonic() - began < seconds:
        digest_and_thumbnail(next(pictures))
        count += 1
    return {"count": count, "seconds": time.monotonic() - began, "cpu": time.process_time() - before}


if __name__ == "__main__":
    json.dump(work(Path(sys.argv[1]), sys.argv[2], float(sys.argv[3])), sys.stdout)
