"""One suite over every storage. Another adapter joins by a line in `ADAPTERS`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from services.backend.tests.fakes.storage import MemoryStorage
from services.backend.tests.s3_server import S3Server
from shoebox.ports import BlobStorage
from shoebox.storage.disk import DiskStorage
from shoebox.storage.moving import MovingStorage
from shoebox.storage.s3 import S3Storage

Ask = Callable[[str], S3Server]
ADAPTERS: Final[dict[str, Callable[[Path, Ask], BlobStorage]]] = {
    "disk": lambda root, _: DiskStorage(root),
    "memory": lambda *_: MemoryStorage(),
    "moving": lambda root, _: MovingStorage(DiskStorage(root), DiskStorage(root.with_name("second"))),
    "s3": lambda root, ask: S3Storage(ask("s3").bucket(), root, client=ask("s3").client),
}


@pytest.fixture(params=sorted(ADAPTERS))
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> BlobStorage:
    return ADAPTERS[request.param](tmp_path / "store", request.getfixturevalue)
