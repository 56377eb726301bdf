"""A folder that lists are kept in."""

from __future__ import annotations

from pathlib import Path

import pytest

from shoebox.storage.kept_lists import KeptLists


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "lists"


@pytest.fixture
def lists(folder: Path) -> KeptLists:
    kept = KeptLists(folder)
    kept.prepare()
    return kept
