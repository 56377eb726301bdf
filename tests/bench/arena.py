"""The systems of one comparison, all running side by side on free ports of this machine."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.bench.contestants import Contestant
from tests.bench.contestants.shoebox import shoebox
from tests.bench.processes import cpu_seconds, family
from tests.bench.sample import Failed
from tests.bench.uploads import Uploader
from tests.client import Client
from tests.stack.stack import Stack

WORKERS: Final = 4
SHOEBOX: Final = "shoebox"
_SETTLED: Final = 0.1  # cores; less than this is nothing left to do
_LOOK: Final = 0.2  # seconds
_SETTLING: Final = 15.0  # seconds; by then even 64 large uploads that nobody waits for are done


@dataclass(frozen=True, slots=True, kw_only=True)
class Arena:
    """What scenarios measure. `rows` is how many pictures each contestant holds."""

    folder: Path
    stack: Stack
    rows: int
    uploaders: Mapping[str, Uploader] = field(default_factory=dict)

    @property
    def contestants(self) -> list[Contestant]:
        """All that run, Shoebox first."""
        return [uploader.contestant for uploader in self.uploaders.values()]

    def cpu_seconds(self, contestant: Contestant) -> float:
        """Processor time of the whole application and of PostgreSQL."""
        return cpu_seconds((*contestant.process_ids(), *family(self.stack.postgres.process.pid)))

    def settle(self) -> None:
        """Wait until what the last measurement left behind is done."""
        deadline = time.monotonic() + _SETTLING
        before = self._all_seconds()
        while time.monotonic() < deadline:
            time.sleep(_LOOK)
            now = self._all_seconds()
            if now - before < _SETTLED * _LOOK:
                return
            before = now

    def _all_seconds(self) -> float:
        return sum(self.cpu_seconds(contestant) for contestant in self.contestants)


@contextmanager
def arena(folder: Path, *, names: list[str], rows: int) -> Iterator[Arena]:
    """Start Shoebox and the others of `names`, each with `rows` pictures, each asked once for
    everything a scenario asks. Raises `Failed` for one that does not answer as it should."""
    with ExitStack() as running:
        stack = running.enter_context(Stack(state=folder / "stack", workers=WORKERS))
        contestants = [shoebox(stack)]
        uploaders = {contestant.name: Uploader(contestant, folder / "load") for contestant in contestants}
        for uploader in uploaders.values():
            check(uploader)
            uploader.store("50k", rows)
        made = Arena(folder=folder, stack=stack, rows=rows, uploaders=uploaders)
        made.settle()
        yield made


def check(uploader: Uploader) -> None:
    """One upload, one list, one picture, one deletion. Raises `Failed`."""
    contestant = uploader.contestant
    client = Client(contestant.base_url)
    (answer,) = uploader.store("50k", 1, clients=1)
    requests = (
        ("GET", contestant.list_path),
        ("GET", contestant.picture_path(answer)),
        ("DELETE", contestant.delete_path(answer)),
    )
    for method, path in requests:
        status = client.request(method, path).status
        if not 200 <= status < 300:
            raise Failed(f"{contestant.name}: {method} {path} is answered {status}")
