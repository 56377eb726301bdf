"""Pictures out, alone and among everything else."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from typing import Final

from tests.bench import wrk
from tests.bench.arena import Arena
from tests.bench.contestants import Running
from tests.bench.contestants.front import static
from tests.bench.pictures import pool
from tests.bench.runner import with_cpu
from tests.bench.sample import Sample
from tests.bench.scenario import Measure, Scenario
from tests.bench.uploads import Uploader

READERS: Final = 32
CLIENTS: Final = 16
PICTURES: Final = 64  # of 50 kB, that a mixed load asks for in turn
_UPLOADS: Final = 50  # one request of so many is an upload (lua/mixed.lua)


def _get(arena: Arena) -> Mapping[str, Measure]:
    measures = {name: _get_measure(arena, uploader) for name, uploader in arena.plain.items()}
    root = arena.folder / "static"
    root.mkdir()
    shutil.copy(pool(arena.folder / "load" / "pictures", "200k", 1).files[0], root / "picture.jpg")
    for like_ours in (False, True):
        limit = arena.meanwhile.enter_context(static(arena.folder / "front", root=root, like_ours=like_ours))
        measures[limit.name] = _read(arena, limit, f"{limit.base_url}/picture.jpg")
    return measures


def _get_measure(arena: Arena, uploader: Uploader) -> Measure:
    (answer,) = uploader.store("200k", 1, clients=1)
    contestant = uploader.contestant
    return _read(arena, contestant, contestant.base_url + contestant.picture_path(answer))


def _read(arena: Arena, running: Running, url: str) -> Measure:
    return with_cpu(arena, running, lambda seconds: wrk.run(url, clients=READERS, seconds=seconds))


def _mixed(arena: Arena) -> Mapping[str, Measure]:
    return {name: _mixed_measure(arena, uploader) for name, uploader in arena.plain.items()}


def _mixed_measure(arena: Arena, uploader: Uploader) -> Measure:
    contestant = uploader.contestant
    paths = arena.folder / f"{contestant.name}.paths"
    answers = uploader.store("50k", PICTURES)
    paths.write_text("".join(f"{contestant.picture_path(answer)}\n" for answer in answers))

    def measure(seconds: float) -> Sample:
        words = {**uploader.words("50k"), "PATHS": str(paths), "LIST": contestant.list_path}
        sample = wrk.run(contestant.base_url, clients=CLIENTS, seconds=seconds, script="mixed", words=words, threads=1)
        uploader.uploaded("50k", sample.requests // _UPLOADS + CLIENTS)
        return sample

    return with_cpu(arena, contestant, measure)


GET: Final = Scenario(name="get", title=f"A picture of 200 kB, {READERS} clients", prepare=_get)
MIXED: Final = Scenario(
    name="mixed", title=f"90 % pictures of 50 kB, 8 % lists, 2 % uploads, {CLIENTS} clients", prepare=_mixed
)
