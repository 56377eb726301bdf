"""The corpus as tests use it: `for case, path in build(folder)`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from tests.data.case import STORED, Case
from tests.data.recipes import avif, bmp, gif, jpeg, other, png, tiff, webp


def all_cases() -> Iterator[Case]:
    """Every case, in an order that does not change; names are unique. Nothing is made yet."""
    for recipe in (jpeg, png, gif, webp, bmp, tiff, avif, other):
        yield from recipe.cases()


def write(case: Case, folder: Path) -> Path:
    """Make one file unless it is there. Trailing zeros become a hole that takes no space."""
    path = folder / case.name
    if not path.exists():
        data = case.make()
        with path.open("wb") as file:
            file.write(data.rstrip(b"\x00"))
            file.truncate(len(data))
    return path


def build(folder: Path) -> list[tuple[Case, Path]]:
    """Make every file that is missing, and the manifest."""
    folder.mkdir(parents=True, exist_ok=True)
    made = [(case, write(case, folder)) for case in all_cases()]
    (folder / "manifest.json").write_text(json.dumps(manifest(), indent=1) + "\n")
    return made


def manifest() -> dict[str, dict[str, object]]:
    """What is expected of each file, by its name."""
    return {case.name: _expected(case) for case in all_cases()}


def _expected(case: Case) -> dict[str, object]:
    if case.status != STORED:
        return {"status": case.status}
    return {"status": case.status, "width": case.width, "height": case.height, "file_type": case.file_type}
