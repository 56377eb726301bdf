"""Backups that earlier releases made restore into today's schema."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final

import pytest

from services.backend.tests.integration.backup.conftest import MakeStore
from shoebox.domain.listing import Filter, ListQuery

KEPT: Final = Path(__file__).parents[5] / "tests" / "data" / "backups"
BACKUPS: Final = sorted(path.name for path in KEPT.iterdir() if path.is_dir())
LAST_ID: Final = 4  # of the picture that had been deleted before the backup was made


@pytest.mark.parametrize(
    ("backup", "make_store"), [(n, n.rpartition("-")[2]) for n in BACKUPS], indirect=["make_store"]
)
def test_a_backup_of_an_earlier_release_restores_and_serves(backup: str, make_store: MakeStore) -> None:
    store = make_store("first")
    restored = store.restoration().run(KEPT / backup)
    assert (restored.report.rows, restored.report.sound, restored.left_out) == (3, True, 0)
    assert store.migrate() == []
    assert (store.total(), store.total("summer")) == (3, 2)
    for key, data in store.pictures().items():
        assert hashlib.sha256(data).hexdigest() == store.repository.get(key).facts.sha256
    found = store.repository.page(ListQuery(filter=Filter(text="grösse"))).images
    assert [image.original_name for image in found] == ["Größe 🏖.png"]
    assert store.repository.get(store.add(collection="summer")).id > LAST_ID
    assert (store.total(), store.total("summer")) == (4, 3)
