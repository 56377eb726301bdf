"""Pictures in: three sizes, one client and many; and out again."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from typing import Final

from tests.bench.arena import Arena
from tests.bench.contestants import bare
from tests.bench.runner import with_cpu
from tests.bench.sample import Sample
from tests.bench.scenario import Measure, Scenario
from tests.bench.uploads import Uploader

CLIENTS: Final = 16
STOCK: Final = 400  # pictures to delete for each second of a measurement
SIZES: Final = {"50k": "a 50 kB PNG", "500k": "a 500 kB JPEG of 1600 × 1200", "4m": "a 4 MB JPEG of 4000 × 3000"}


def upload_measure(arena: Arena, uploader: Uploader, kind: str, clients: int) -> Measure:
    """Uploads, and how long it took until all of them were on the disk. They stay: a file system without
    a journal passes by what was deleted in the last minutes whenever it makes a file."""

    def upload(seconds: float) -> Sample:
        return uploader.upload(kind, clients=clients, seconds=seconds, number=arena.sizes.uploads)[0]

    return lambda seconds: _written(with_cpu(arena, uploader.contestant, upload)(seconds))


def _written(sample: Sample) -> Sample:
    """Adds `written_rps`: what it comes to if the time ends when the disk has everything."""
    began = time.monotonic()
    os.sync()
    took = time.monotonic() - began
    if sample.errors:
        return sample
    return sample.adding(written_rps=sample.requests / (sample.requests / sample.values["rps"] + took))


def _crowded(kind: str) -> Callable[[Arena], Mapping[str, Measure]]:
    return lambda arena: {
        **{name: upload_measure(arena, uploader, kind, CLIENTS) for name, uploader in arena.uploaders.items()},
        "pillow": _bare_measure(arena, kind),
    }


def _alone(kind: str) -> Callable[[Arena], Mapping[str, Measure]]:
    return lambda arena: {name: upload_measure(arena, uploader, kind, 1) for name, uploader in arena.plain.items()}


def _bare_measure(arena: Arena, kind: str) -> Measure:
    """What two cores could do if only the hash, the decode and the thumbnail cost anything."""

    def measure(seconds: float) -> Sample:
        least = bare.measure(arena.folder / "load" / "pictures", kind, seconds=seconds)
        return Sample(values={"rps": least.rate, "cpu_ms": least.milliseconds})

    return measure


def _delete(arena: Arena) -> Mapping[str, Measure]:
    return {name: _delete_measure(arena, uploader) for name, uploader in arena.plain.items()}


def _delete_measure(arena: Arena, uploader: Uploader) -> Measure:
    def measure(seconds: float) -> Sample:
        answers = uploader.store("50k", arena.sizes.uploads or round(STOCK * seconds), clients=CLIENTS)
        os.sync()  # a picture that is deleted is on the disk: most came in long ago
        arena.settle()

        def delete(_: float) -> Sample:
            sample = uploader.delete(answers, clients=CLIENTS)
            arena.settle()  # what somebody leaves for after the answer is processor time of his too
            return sample

        return with_cpu(arena, uploader.contestant, delete)(seconds)

    return measure


CROWDED: Final = tuple(
    Scenario(name=f"upload-{kind}", title=f"Upload of {what}, {CLIENTS} clients", prepare=_crowded(kind))
    for kind, what in SIZES.items()
)
ALONE: Final = tuple(
    Scenario(name=f"upload-{kind}-alone", title=f"Upload of {what}, one client", prepare=_alone(kind))
    for kind, what in SIZES.items()
)
DELETE: Final = Scenario(name="delete", title=f"Deletion, {CLIENTS} clients", prepare=_delete)
