"""One suite over every storage. Another adapter joins by a line in `ADAPTERS`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from services.backend.tests.fakes.storage import MemoryStorage
from shoebox.ports import BlobStorage
from shoebox.storage.disk import DiskStorage

ADAPTERS: Final[dict[str, Callable[[Path], BlobStorage]]] = {
    "disk": DiskStorage,
    "memory": lambda _: MemoryStorage(),
}


@pytest.fixture(params=sorted(ADAPTERS))
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> BlobStorage:
    return ADAPTERS[request.param](tmp_path / "store")
