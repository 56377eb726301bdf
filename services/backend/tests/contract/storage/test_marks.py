"""What every storage promises of the marks that databases leave in it (`ports.BlobStorage`)."""

from __future__ import annotations

from services.backend.tests.blobs import LATER
from services.backend.tests.contract.storage.stores import keys, together
from shoebox.ports import BlobStorage

ONE = "0123456789abcdef" * 2
ANOTHER = "fedcba9876543210" * 2


def test_a_new_storage_bears_no_mark(storage: BlobStorage) -> None:
    assert storage.marks() == frozenset()


def test_marks_are_left_by_each_database_and_stay_until_they_are_taken_away(storage: BlobStorage) -> None:
    for identity in (ONE, ONE, ANOTHER):
        storage.mark(identity)
    assert storage.marks() == {ONE, ANOTHER}
    storage.unmark(ONE)
    storage.unmark(ONE)
    assert storage.marks() == {ANOTHER}


def test_of_databases_that_come_at_once_each_leaves_its_mark(storage: BlobStorage) -> None:
    together(8, lambda number: storage.mark(f"{number:032x}"))
    assert storage.marks() == {f"{number:032x}" for number in range(8)}


def test_a_mark_is_neither_a_picture_nor_a_leftover(storage: BlobStorage) -> None:
    storage.mark(ONE)
    assert keys(storage) == []
    assert storage.remove_leftovers(LATER) == 0
    assert storage.marks() == {ONE}
