"""What lies on the disk of a running system, looked at from outside."""

from __future__ import annotations

from pathlib import Path

from tests.client import Client
from tests.robustness.command import shoebox
from tests.stack.embedded import Embedded
from tests.stack.stack import Stack


def files_below(folder: Path) -> dict[str, Path]:
    """Every file below `folder`, by its name."""
    return {path.name: path for path in folder.rglob("*") if path.is_file()}


def staged(topology: Embedded | Stack) -> list[Path]:
    """The files that are on their way in, or were left there."""
    return [path for path in (topology.layout.images / "staging").iterdir() if path.is_file()]


def listed(client: Client) -> set[str]:
    """The filenames of all pictures, read page by page as a client does."""
    found: set[str] = set()
    page = client.list(per_page=100).json
    while True:
        found.update(page["files"])
        if not page["next_cursor"]:
            assert len(found) == page["total_items"]
            return found
        page = client.list(per_page=100, cursor=page["next_cursor"]).json


def assert_sound(topology: Embedded | Stack) -> None:
    """Nothing is half there: files and rows are the same set, and `shoebox check` says so too.

    Only for a store of one's own to which nobody uploads meanwhile.
    """
    images = topology.layout.images
    keys = listed(Client(topology.url))
    assert set(files_below(images / "images")) == keys
    assert set(files_below(images / "thumbs")) <= keys
    assert staged(topology) == []
    inodes = {path.stat().st_ino for path in files_below(images / "images").values()}
    assert {path.stat().st_ino for path in files_below(images / "content").values()} <= inodes
    checked = shoebox(topology, "check")
    assert checked.returncode == 0, checked.stdout + checked.stderr
