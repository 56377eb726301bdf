"""Shoebox itself: the production topology with nothing switched off."""

from __future__ import annotations

import os
from itertools import product
from pathlib import Path
from string import ascii_letters, digits
from typing import Final

from shoebox.storage.layout import Layout
from tests.bench.contestants import PER_PAGE, Contestant
from tests.bench.processes import family
from tests.stack.stack import Stack

WIDTH: Final = 320  # pixels, of the thumbnails that an upload makes


def live_in(stack: Stack) -> None:
    """Make the folders that a store has after some ten thousand pictures. A new one makes one, and
    syncs it, with nearly every upload, which is over after a day and says nothing of the next years."""
    layout = Layout(root=str(stack.layout.images))
    owner = stack.layout.images.stat()
    images, thumbnails = Path(layout.images), Path(layout.thumbnails)
    shards = ["".join(pair) for pair in product(ascii_letters + digits, repeat=2)]
    leaves = [parent / shard for parent in (images, thumbnails / str(WIDTH)) for shard in shards]
    for folder in (images, thumbnails, thumbnails / str(WIDTH), *leaves):
        folder.mkdir(mode=0o755, exist_ok=True)
        os.chown(folder, owner.st_uid, owner.st_gid)
    os.sync()


def shoebox(stack: Stack, name: str = "shoebox") -> Contestant:
    """A running stack as one of the contestants."""
    parts = (stack.workers, stack.nginx, stack.pgbouncer)
    return Contestant(
        name=name,
        base_url=stack.url,
        list_path=f"/api/images/?page=1&per_page={PER_PAGE}",
        upload_path="/api/upload/",
        key_field="filename",
        picture_prefix="/images/",
        delete_prefix="/api/images/",
        process_ids=lambda: tuple(pid for part in parts for pid in family(part.process.pid)),
    )
