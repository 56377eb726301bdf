"""Where things lie below the root.

    images/<k3>/<key>           a picture, under its public name
    content/<ab>/<sha256>       the same file again, under what it holds
    thumbs/<width>/<k3>/<key>   a WebP, under its picture's name
    staging/                    files nobody can reach yet
    staging/locks/              empty files that are only ever locked
    marks/<identity>            an empty file for each database that keeps pictures here
    held/<key>                  a picture that was deleted while a backup is being taken
    partial/<id>                the bytes of an upload in pieces, as far as they have come
    partial/<id>.json           what was announced of it, and what became of it

Nginx knows `images` and `thumbs` too. `<k3>` and `<ab>` are first two characters: 3,844 and
256 folders, so a million pictures leave 260 names in each.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from shoebox.domain.errors import NotFound
from shoebox.domain.names import is_key

SHA256: Final = re.compile(r"[0-9a-f]{64}")
IDENTITY: Final = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Paths as plain strings: an upload forms six of them."""

    root: str

    @property
    def images(self) -> str:
        """The folders of pictures."""
        return f"{self.root}/images"

    @property
    def contents(self) -> str:
        """The folders of contents."""
        return f"{self.root}/content"

    @property
    def thumbnails(self) -> str:
        """The folders of thumbnails, a folder for each width."""
        return f"{self.root}/thumbs"

    @property
    def staging(self) -> str:
        """The folder of unfinished files."""
        return f"{self.root}/staging"

    @property
    def locks(self) -> str:
        """The folder of lock files."""
        return f"{self.root}/staging/locks"

    @property
    def marks(self) -> str:
        """The folder of databases' marks."""
        return f"{self.root}/marks"

    @property
    def held(self) -> str:
        """The folder of deleted pictures that a backup may still need."""
        return f"{self.root}/held"

    @property
    def partials(self) -> str:
        """The folder of uploads that come in pieces."""
        return f"{self.root}/partial"

    def held_picture(self, key: str) -> str:
        """A deleted picture. Raises `NotFound` for what is no key."""
        if not is_key(key):
            raise NotFound("There is no such picture.")
        return f"{self.held}/{key}"

    def folder(self, key: str) -> str:
        """The folder a picture lies in. Raises `NotFound` for what is no key.

        The one gate between a name from outside and a path: nothing else forms one.
        """
        return f"{self.root}/images/{_shard(key)}"

    def picture(self, key: str) -> str:
        """A picture. Raises `NotFound` for what is no key."""
        return f"{self.root}/images/{_shard(key)}/{key}"

    def thumbnail(self, key: str, width: int) -> str:
        """A thumbnail. Raises `NotFound` for what is no key."""
        return f"{self.root}/thumbs/{width}/{_shard(key)}/{key}"

    def content(self, sha256: str) -> str:
        """A content. Raises `ValueError` for what is no SHA-256 in small hexadecimal digits."""
        if SHA256.fullmatch(sha256) is None:
            raise ValueError("not a SHA-256")
        return f"{self.root}/content/{sha256[:2]}/{sha256}"


def _shard(key: str) -> str:
    if not is_key(key):
        raise NotFound("There is no such picture.")
    return key[:2]
