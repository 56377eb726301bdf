"""The systems of one comparison, all running side by side on free ports of this machine."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final

from tests.bench.contestants import Contestant, Running
from tests.bench.contestants.ancestor import ancestor
from tests.bench.contestants.baselines import fastapi, flask
from tests.bench.contestants.shoebox import live_in, shoebox
from tests.bench.processes import cpu_seconds, family, has_unnamed
from tests.bench.sample import Failed
from tests.bench.uploads import Uploader
from tests.client import Client
from tests.stack.stack import Stack

WORKERS: Final = 4
CONNECTIONS: Final = 300  # to PostgreSQL: the pools of all contestants together
SHOEBOX: Final = "shoebox"
ORDERS: Final = tuple(f"{field} {way}" for field in ("age", "size", "name") for way in ("desc", "asc"))
BASELINES: Final[Mapping[str, Callable[[Stack], AbstractContextManager[Contestant]]]] = {
    "ancestor": ancestor,
    "flask": flask,
    "fastapi": fastapi,
    "flask-full": partial(flask, full=True),
    "fastapi-full": partial(fastapi, full=True),
}
_SETTLED: Final = 0.1  # cores; less than this is nothing left to do
_LOOK: Final = 0.2  # seconds
_SETTLING: Final = 15.0  # seconds; by then even 64 large uploads that nobody waits for are done


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """How much there is to do. `rows` is how many pictures each contestant holds at least."""

    rows: int = 1000
    many: int = 1_000_000  # rows of a large store
    checks: int = 20_000  # lists that are compared with what is true
    uploads: int | None = None  # in a measurement; otherwise as many as go into its time
    orders: tuple[str, ...] = ORDERS  # of a large store's lists


@dataclass(frozen=True, slots=True, kw_only=True)
class Arena:
    """What scenarios measure."""

    folder: Path
    stack: Stack
    sizes: Sizes
    uploaders: Mapping[str, Uploader] = field(default_factory=dict)
    meanwhile: ExitStack = field(default_factory=ExitStack)  # what runs for one scenario only

    @property
    def plain(self) -> Mapping[str, Uploader]:
        """Those that differ in more than what they do with an upload."""
        return {name: uploader for name, uploader in self.uploaders.items() if not name.endswith("-full")}

    @property
    def contestants(self) -> list[Contestant]:
        """All that run, Shoebox first."""
        return [uploader.contestant for uploader in self.uploaders.values()]

    def cpu_seconds(self, running: Running) -> float:
        """Processor time of the whole application and of PostgreSQL."""
        return cpu_seconds((*running.process_ids(), *family(self.stack.postgres.process.pid)))

    def settle(self) -> None:
        """Wait until what the last measurement left behind is done."""
        deadline = time.monotonic() + _SETTLING
        before = self._all_seconds()
        while time.monotonic() < deadline:
            time.sleep(_LOOK)
            now = self._all_seconds()
            # What Shoebox deleted keeps the disk busy some seconds after it was answered.
            if now - before < _SETTLED * _LOOK and not any(map(has_unnamed, self.stack.workers.pids)):
                return
            before = now

    def _all_seconds(self) -> float:
        postgres = family(self.stack.postgres.process.pid)
        return cpu_seconds((*postgres, *(pid for one in self.contestants for pid in one.process_ids())))


@contextmanager
def arena(folder: Path, *, names: Sequence[str], sizes: Sizes) -> Iterator[Arena]:
    """Start Shoebox and the others of `names`, each with pictures, each asked once for
    everything a scenario asks. Raises `Failed` for one that does not answer as it should."""
    with ExitStack() as running:
        stack = running.enter_context(Stack(state=folder / "stack", workers=WORKERS, connections=CONNECTIONS))
        live_in(stack)
        contestants = [shoebox(stack)]
        contestants += [running.enter_context(BASELINES[name](stack)) for name in names if name != SHOEBOX]
        uploaders = {contestant.name: Uploader(contestant, folder / "load") for contestant in contestants}
        for uploader in uploaders.values():
            check(uploader)
            uploader.store("50k", sizes.rows)
        made = Arena(folder=folder, stack=stack, sizes=sizes, uploaders=uploaders)
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
