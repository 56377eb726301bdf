"""What the tests of the disk put on it and look for."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

KEY = "k3J9xQ2mVb7c.jpg"
OTHER = "k3Z000000000.png"  # in the same folder
THIRD = "k3Z000000001.gif"
PICTURE = b"\xff\xd8\xff a picture" * 3000
SHA256 = sha256(PICTURE).hexdigest()
THUMBNAIL = b"RIFF a thumbnail" * 100


def picture_path(root: Path, key: str) -> Path:
    return root / "images" / key[:2] / key


def content_path(root: Path, sha: str = SHA256) -> Path:
    return root / "content" / sha[:2] / sha


def files_below(folder: Path) -> list[Path]:
    """Every file but the lock files, which are made once and stay."""
    return sorted(path for path in folder.rglob("*") if path.is_file() and path.parent.name != "locks")
