"""Two stores as one, while pictures are moved from one to the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from itertools import chain
from typing import BinaryIO, Protocol

from shoebox.domain.errors import NotFound
from shoebox.ports import BlobStorage, Staged, StoredFile


class Holdable(BlobStorage, Protocol):
    """A storage that backups are taken of."""

    def hold(self) -> AbstractContextManager[Callable[[str], BinaryIO]]:
        """While the block lasts, what it yields opens every picture that was there when it began."""


class MovingStorage:
    """`ports.BlobStorage`: new pictures go to `first`; what it lacks is read from `second`.

    A deletion is of both. A picture that is in both is told twice by `files`, which costs a
    sweep a second question and nothing else.
    """

    def __init__(self, first: Holdable, second: Holdable) -> None:
        self._first = first
        self._second = second

    def stage(self) -> AbstractContextManager[Staged]:
        """As the first's."""
        return self._first.stage()

    def publish(self, staged: Staged, key: str, sha256: str) -> None:
        """As the first's."""
        self._first.publish(staged, key, sha256)

    def open(self, key: str) -> BinaryIO:
        """From whichever has it."""
        return _either(self._first.open, self._second.open, key)

    def put_thumbnail(self, key: str, width: int, data: bytes, *, unseen: bool = False) -> None:
        """Beside its picture: elsewhere it would be one without a picture."""
        if unseen:  # so it was published just now
            self._first.put_thumbnail(key, width, data, unseen=True)
            return
        try:
            self._first.open(key).close()
        except NotFound:
            self._second.put_thumbnail(key, width, data)
        else:
            self._first.put_thumbnail(key, width, data)

    def open_thumbnail(self, key: str, width: int) -> BinaryIO:
        """From whichever has it."""
        try:
            return self._first.open_thumbnail(key, width)
        except NotFound:
            return self._second.open_thumbnail(key, width)

    def making(self, key: str, width: int) -> AbstractContextManager[None]:
        """As the first's."""
        return self._first.making(key, width)

    def delete(self, key: str, sha256: str | None = None) -> None:
        """Remove it from both."""
        self._first.delete(key, sha256)
        self._second.delete(key, sha256)

    @contextmanager
    def hold(self) -> Iterator[Callable[[str], BinaryIO]]:
        """As both do."""
        with self._first.hold() as first, self._second.hold() as second:
            yield lambda key: _either(first, second, key)

    def files(self) -> Iterator[StoredFile]:
        """Those of the first, then those of the second."""
        return chain(self._first.files(), self._second.files())

    def remove_leftovers(self, older_than: float) -> int:
        """Those of both."""
        return self._first.remove_leftovers(older_than) + self._second.remove_leftovers(older_than)

    def marks(self) -> frozenset[str]:
        """Those of either."""
        return self._first.marks() | self._second.marks()

    def mark(self, identity: str) -> None:
        """Mark both."""
        self._first.mark(identity)
        self._second.mark(identity)

    def unmark(self, identity: str) -> None:
        """Of both."""
        self._first.unmark(identity)
        self._second.unmark(identity)

    def probe(self) -> None:
        """Both have to be there."""
        self._first.probe()
        self._second.probe()


def _either(first: Callable[[str], BinaryIO], second: Callable[[str], BinaryIO], key: str) -> BinaryIO:
    try:
        return first(key)
    except NotFound:
        return second(key)
