"""Walking folders in bounded memory. What is neither file nor folder is not ours, and passed over."""

from __future__ import annotations

import os
from collections.abc import Iterator


def folders(path: str) -> Iterator[str]:
    """The folders in a folder."""
    with os.scandir(path) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield entry.path


def files(path: str) -> Iterator[tuple[str, os.stat_result]]:
    """The files in a folder, by path; those that vanish meanwhile are left out."""
    with os.scandir(path) as entries:
        for entry in entries:
            if entry.is_file(follow_symlinks=False):
                try:
                    status = entry.stat(follow_symlinks=False)
                except FileNotFoundError:
                    continue
                yield entry.path, status
