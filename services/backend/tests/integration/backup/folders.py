"""Backups as they lie in their folder."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from shoebox.domain.backup import Manifest

NAME: Final = "shoebox-2026-11-20T10-30-00Z"  # of one that is taken when the stores' clock begins


def files(folder: Path) -> dict[str, Path]:
    return {path.name: path for path in (folder / "images").rglob("*.*") if path.is_file()}


def backup_folder(tmp_path: Path, manifest: Manifest) -> Path:
    return tmp_path / "backups" / manifest.name
