"""Small and read-only file systems in the place of a folder.

Mounting takes the right to: root has it, and anybody inside a namespace of one's own, for
which `unshare --user --map-current-user --keep-caps --mount -- make test` gives the whole run.
"""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def mounting_allowed() -> bool:
    """Whether tests with file systems of their own can run here."""
    with tempfile.TemporaryDirectory() as folder:
        mounted = subprocess.run(["mount", "-t", "tmpfs", "none", folder], capture_output=True, check=False)
        if mounted.returncode == 0:
            subprocess.run(["umount", folder], check=True)
        return mounted.returncode == 0


@contextmanager
def small_disk(folder: Path, size: int) -> Iterator[None]:
    """`folder` is a file system of `size` bytes until the block ends; what it held is gone then."""
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size},mode=0777", "none", str(folder)], check=True)
    try:
        yield
    finally:
        # Lazily: a process that is just ending may hold a file.
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """Nothing below `folder` can be changed through its name, as after an error of the disk."""
    subprocess.run(["mount", "--bind", str(folder), str(folder)], check=True)
    try:
        subprocess.run(["mount", "-o", "remount,bind,ro", str(folder)], check=True)
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
