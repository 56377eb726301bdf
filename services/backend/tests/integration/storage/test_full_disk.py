"""A disk of 1 MiB fills up and is emptied again.

Run on a real one (a tmpfs in a mount namespace of its own) where the kernel lets us, and
always on one that is simulated below the system calls.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from services.backend.tests.blobs import publish, read
from services.backend.tests.integration.storage.pictures import files_below
from services.backend.tests.integration.storage.systems import SmallDisk
from shoebox.domain.errors import StorageFull
from shoebox.storage.disk import DiskStorage

SIZE: Final = 1024 * 1024
UPLOAD: Final = 100_000
TIMEOUT: Final = 60  # seconds


def fill_and_empty(storage: DiskStorage, root: Path) -> None:
    """The scenario; asserts what a user of a full disk may expect."""
    stored: list[str] = []
    with pytest.raises(StorageFull):
        fill(storage, stored)
    assert 5 <= len(stored) < 20
    assert sorted(file.key for file in storage.files()) == stored
    assert files_below(root / "staging") == []
    assert [read(storage, key) for key in stored] == [bytes([number]) * UPLOAD for number in range(len(stored))]
    storage.delete(stored[0])
    publish(storage, b"z" * UPLOAD, "zzzz.bmp")
    assert read(storage, "zzzz.bmp") == b"z" * UPLOAD


def fill(storage: DiskStorage, stored: list[str]) -> None:
    for number in range(20):
        key = f"{number:012x}.bmp"
        publish(storage, bytes([number]) * UPLOAD, key)
        stored.append(key)


def simulated(root: Path) -> None:
    fill_and_empty(DiskStorage(root, system=SmallDisk(SIZE)), root)


def mounted(root: Path) -> None:
    command = [*NAMESPACE, "sh", "-c", MOUNT, "sh", str(root), sys.executable, "-c", INSIDE, str(root), *sys.path]
    done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT, check=False)
    assert done.returncode == 0, done.stderr


NAMESPACE: Final = ("unshare", "--mount", "--map-root-user")
MOUNT: Final = f'mount -t tmpfs -o size={SIZE} none "$1" && shift && exec "$@"'
INSIDE: Final = (
    "import sys; from pathlib import Path; sys.path[:] = sys.argv[2:];"
    "from services.backend.tests.integration.storage.test_full_disk import fill_and_empty;"
    "from shoebox.storage.disk import DiskStorage;"
    "root = Path(sys.argv[1]); fill_and_empty(DiskStorage(root), root)"
)


def can_mount() -> bool:
    try:
        command = [*NAMESPACE, "mount", "-t", "tmpfs", "none", "/mnt"]
        return subprocess.run(command, capture_output=True, timeout=TIMEOUT, check=False).returncode == 0
    except FileNotFoundError:
        return False


@pytest.mark.parametrize("disk", [simulated, *([mounted] if can_mount() else [])])
def test_a_full_disk_refuses_whole_pictures_and_takes_them_again_when_emptied(
    disk: Callable[[Path], None], tmp_path: Path
) -> None:
    disk(tmp_path)
