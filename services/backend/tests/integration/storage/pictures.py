"""What the tests of the disk put on it and look for."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Final

from shoebox.ports import BlobStorage

KEY = "k3J9xQ2mVb7c.jpg"
OTHER = "k3Z000000000.png"  # in the same folder
THIRD = "k3Z000000001.gif"
PICTURE = b"\xff\xd8\xff a picture" * 3000
SHA256 = sha256(PICTURE).hexdigest()
THUMBNAIL = b"RIFF a thumbnail" * 100
LATER: Final = 2.0**33  # seconds since the epoch: old is to a sweep then whatever a test can leave


def publish(storage: BlobStorage, data: bytes, key: str) -> None:
    with storage.stage() as staged:
        staged.write(data)
        storage.publish(staged, key, sha256(data).hexdigest())


def read(storage: BlobStorage, key: str) -> bytes:
    with storage.open(key) as file:
        return file.read()


def picture_path(root: Path, key: str) -> Path:
    return root / "images" / key[:2] / key


def content_path(root: Path, sha: str = SHA256) -> Path:
    return root / "content" / sha[:2] / sha


def files_below(folder: Path) -> list[Path]:
    """Every file but the lock files, which are made once and stay."""
    return sorted(path for path in folder.rglob("*") if path.is_file() and path.parent.name != "locks")
