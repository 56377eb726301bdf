"""Shoebox itself: the production topology with nothing switched off."""

from __future__ import annotations

from tests.bench.contestants import PER_PAGE, Contestant
from tests.bench.processes import family
from tests.stack.stack import Stack


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
