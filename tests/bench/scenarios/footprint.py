"""Memory, and how soon a small one is there."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from tests.bench.arena import Arena
from tests.bench.processes import family, peak_pss, pss
from tests.bench.sample import Sample
from tests.bench.scenario import Measure, Scenario
from tests.bench.uploads import Uploader
from tests.stack.embedded import Embedded

CROWD: Final = 64  # clients that upload the largest pictures
_SECONDS: Final = 4.0  # at least: with so many clients the first answers take some
WORKERS: Final = 2  # of the embedded topology


def _memory(arena: Arena) -> Mapping[str, Measure]:
    measures = {}
    for name, uploader in arena.uploaders.items():
        clients = min(CROWD, uploader.contestant.most_clients or CROWD)
        name = name if clients == CROWD else f"{name}, {clients} clients"
        measures[name] = _memory_measure(arena, uploader, clients)
    return measures


def _memory_measure(arena: Arena, uploader: Uploader, clients: int) -> Measure:
    processes = uploader.contestant.process_ids

    def measure(seconds: float) -> Sample:
        idle = pss(processes())
        with peak_pss(processes) as peak:
            sample, answers = uploader.upload(
                "4m", clients=clients, seconds=max(seconds, _SECONDS), number=arena.sizes.uploads
            )
        arena.settle()
        after = pss(processes())
        uploader.delete(answers)
        return sample.adding(idle_mib=idle, peak_mib=peak.mib, after_mib=after)

    return measure


def _embedded(arena: Arena) -> Mapping[str, Measure]:
    return {"shoebox": lambda _: _start(arena.folder)}


def _start(folder: Path) -> Sample:
    with tempfile.TemporaryDirectory(prefix="embedded-", dir=folder) as name:
        state = Path(name)
        state.chmod(0o755)
        embedded = Embedded(state=state, workers=WORKERS)
        began = time.perf_counter()
        with embedded:
            ready = time.perf_counter() - began
            return Sample(values={"ready_s": ready, "idle_mib": pss(family(embedded.master_pid))}, requests=1)


MEMORY: Final = Scenario(
    name="memory",
    title=f"Memory without PostgreSQL; the peak is of 4 MB uploads, {CROWD} clients",
    prepare=_memory,
    once=True,
)
EMBEDDED: Final = Scenario(
    name="embedded",
    title=f"Embedded, {WORKERS} workers: from the start of the process to the first answer",
    prepare=_embedded,
)
