"""What every store of uploads in pieces promises."""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from services.backend.tests.fakes.partials import MemoryPartials
from shoebox.domain.errors import Conflict, NotFound
from shoebox.domain.partial import Partial, new_partial_id
from shoebox.ports import PartialStore
from shoebox.storage.partials import DiskPartials

ADAPTERS: Final[dict[str, Callable[[Path], PartialStore]]] = {
    "disk": DiskPartials,
    "memory": lambda _: MemoryPartials(),
}


@pytest.fixture(params=sorted(ADAPTERS))
def partials(request: pytest.FixtureRequest, tmp_path: Path) -> PartialStore:
    return ADAPTERS[request.param](tmp_path)


def partial(length: int = 100) -> Partial:
    return Partial(
        id=new_partial_id(), length=length, original_name="Grüße.png", collection=None, metadata="filename Zm9v"
    )


def test_what_was_announced_and_sent_is_known(partials: PartialStore) -> None:
    upload = partial()
    partials.create(upload)
    with partials.appending(upload.id, 0) as end:
        end.write(b"one ")
        end.write(b"two")
    state = partials.load(upload.id)
    assert (state.upload, state.offset) == (upload, 7)
    with partials.open(upload.id) as file:
        assert file.read() == b"one two"


def test_of_two_who_append_at_once_the_one_who_lost_the_place_is_told(partials: PartialStore) -> None:
    upload = partial()
    partials.create(upload)
    with partials.appending(upload.id, 0) as first, partials.appending(upload.id, 0) as second:
        first.write(b"first")
        with pytest.raises(Conflict):
            second.write(b"second")
        first.write(b"!")
    with partials.open(upload.id) as file:
        assert file.read() == b"first!"


def test_a_place_that_is_not_the_end_is_refused(partials: PartialStore) -> None:
    upload = partial()
    partials.create(upload)
    with pytest.raises(Conflict), partials.appending(upload.id, 1):
        pytest.fail("it was opened")


def test_what_became_of_it_is_kept_without_its_bytes(partials: PartialStore) -> None:
    upload = partial(3)
    partials.create(upload)
    with partials.appending(upload.id, 0) as end:
        end.write(b"abc")
    done = replace(upload, key="abcdefgh.png")
    with partials.finishing(upload.id):
        partials.save(done)
    state = partials.load(upload.id)
    assert (state.upload, state.offset) == (done, 3)


def test_a_removed_one_is_gone_for_everybody(partials: PartialStore) -> None:
    upload = partial()
    partials.create(upload)
    with partials.appending(upload.id, 0) as end:
        partials.remove(upload.id)
        with pytest.raises(NotFound):
            end.write(b"late")
    for ask in (partials.load, partials.open):
        with pytest.raises(NotFound):
            ask(upload.id)
    partials.remove(upload.id)


@pytest.mark.parametrize("name", ["", "..", "../../etc/passwd", "a" * 31, "A" * 32, "a" * 32])
def test_other_names_are_not_looked_for(partials: PartialStore, name: str) -> None:
    with pytest.raises(NotFound):
        partials.load(name)


def test_those_not_heard_of_are_removed(partials: PartialStore) -> None:
    upload = partial()
    partials.create(upload)
    assert partials.remove_untouched(0) == 0
    assert partials.remove_untouched(time.time() + 10**9) == 1
    with pytest.raises(NotFound):
        partials.load(upload.id)


def _die_while_appending(folder: Path, name: str) -> None:
    with DiskPartials(folder).appending(name, 0) as end:
        end.write(b"written")
        os.kill(os.getpid(), 9)


def test_another_process_goes_on_after_a_crash(tmp_path: Path) -> None:
    partials, upload = DiskPartials(tmp_path), partial()
    partials.create(upload)
    process = multiprocessing.get_context("spawn").Process(target=_die_while_appending, args=(tmp_path, upload.id))
    process.start()
    process.join(60)
    assert process.exitcode == -9
    assert partials.load(upload.id).offset == 7
    with partials.appending(upload.id, 7) as end:
        end.write(b"!")


def test_bytes_that_were_never_announced_are_swept_too(tmp_path: Path) -> None:
    partials = DiskPartials(tmp_path)
    orphan = tmp_path / "partial" / new_partial_id()
    orphan.write_bytes(b"x")
    os.utime(orphan, (1, 1))
    assert partials.remove_untouched(2) == 1
    assert not orphan.exists()
