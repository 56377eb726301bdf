"""Whether a list is ever behind: many clients ask for the same page while some upload and delete,
and each of these looks at its next list for what it just did."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Final

from tests.bench import wrk
from tests.bench.arena import SHOEBOX, Arena
from tests.bench.contestants import Contestant
from tests.bench.sample import Failed, Sample
from tests.bench.scenario import Measure, Scenario
from tests.client import Client
from tests.pictures import picture

READERS: Final = 16
WRITERS: Final = 4
_RUN: Final = 2  # seconds of the readers; then the writers may have ended


def _freshness(arena: Arena) -> Mapping[str, Measure]:
    contestant = arena.uploaders[SHOEBOX].contestant

    def measure(_: float) -> Sample:
        with _readers(contestant) as runs, ThreadPoolExecutor(WRITERS) as writers:
            shares = [arena.sizes.checks // WRITERS] * WRITERS
            right = sum(writers.map(lambda share: _write(contestant, share), shares))
        asked = sum(shares)
        wrong = "" if right == asked else f"{asked - right} of {asked} lists were not of now"
        errors = "; ".join(run.errors for run in runs if run.errors)
        return Sample(
            values={"right": right, "asked": asked, "read_meanwhile": sum(run.requests for run in runs)},
            requests=asked,
            errors="; ".join(filter(None, (wrong, errors))),
        )

    return {contestant.name: measure}


def _write(contestant: Contestant, checks: int) -> int:
    """Upload, look, delete, look, over one connection. How many of the `checks` looks were right."""
    right = 0
    with Client(contestant.base_url).keep_alive() as client:
        for number in range(checks):
            if number % 2 == 0:
                answer = client.upload("fresh.png", picture(), path=contestant.upload_path)
                if answer.status != 201:
                    raise Failed(f"an upload was answered {answer.status}")
                key = answer.json[contestant.key_field]
            elif (status := client.delete(key).status) not in {200, 204}:
                raise Failed(f"a deletion was answered {status}")
            listed = client.get(contestant.list_path).json["files"]
            right += (key in listed) is (number % 2 == 0)
    return right


@contextmanager
def _readers(contestant: Contestant) -> Iterator[list[Sample]]:
    """Ask for the same list all the time until the block ends; what that saw."""
    runs: list[Sample] = []
    ended = threading.Event()

    def read() -> None:
        while not ended.is_set():
            runs.append(wrk.run(contestant.base_url + contestant.list_path, clients=READERS, seconds=_RUN))

    reader = threading.Thread(target=read)
    reader.start()
    try:
        yield runs
    finally:
        ended.set()
        reader.join()


FRESHNESS: Final = Scenario(
    name="freshness",
    title=f"Lists right after an upload or a deletion, {WRITERS} clients writing and {READERS} reading",
    prepare=_freshness,
    once=True,
)
