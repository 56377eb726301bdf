"""`python -m tests.bench.cost [50k] [500k] [4m] [list]`: what an upload, or a list past every cache, costs
each process, in milliseconds of a processor.

Processor time depends little on what else a machine does, so that two versions of the code can
be compared on a busy one, where requests a second tell nothing.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from tests.bench import rows
from tests.bench.contestants.shoebox import live_in, shoebox
from tests.bench.processes import family
from tests.bench.sample import Failed
from tests.bench.scenario import Measure
from tests.bench.scenarios.lists import distinct
from tests.bench.uploads import CLIENTS, Uploader
from tests.stack.stack import Stack

KINDS: Final = ("50k", "500k", "4m", "list")
ROWS: Final = 1000  # pictures that a list is of
_SCHEDULED: Final = 2  # of a process's clocks, that which counts nanoseconds
SETTLING: Final = 2.0  # seconds until all processes of a new stack are there


def main() -> None:
    """Print a line for every round of every kind."""
    parser = argparse.ArgumentParser(prog="cost", description=__doc__)
    parser.add_argument("kinds", nargs="*", default=KINDS)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--seconds", type=int, default=5)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="cost-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        with Stack(state=folder, workers=4) as stack:
            live_in(stack)
            time.sleep(SETTLING)
            uploader = Uploader(shoebox(stack), folder / "load")
            for kind in arguments.kinds:
                measure = _list(stack) if kind == "list" else _upload(uploader, kind)
                measure(2)  # buffers, folders, connections
                for _ in range(arguments.rounds):
                    print(measured(stack, measure, kind, arguments.seconds), flush=True)


def _list(stack: Stack) -> Measure:
    rows.fill(stack.postgres.login, ROWS)
    return distinct(shoebox(stack), "host")


def _upload(uploader: Uploader, kind: str) -> Measure:
    return lambda seconds: uploader.upload(kind, clients=CLIENTS, seconds=seconds)[0]


def measured(stack: Stack, measure: Measure, kind: str, seconds: float) -> str:
    """Measure for some seconds; a line that says what a request took of each one."""
    members = crews(stack)
    before = used(members)
    sample = measure(seconds)
    if sample.errors:  # an error is not a result
        raise Failed(f"{kind}: {sample.errors}")
    spent = {who: (now - before[who]) / sample.requests * 1000 for who, now in used(members).items()}
    spent["wrk"] = sample.values["wrk_cores"] / sample.values["rps"] * 1000
    told = " ".join(f"{who} {cost:.3f}" for who, cost in spent.items())
    speed = " ".join(f"{name} {sample.values[name]:.0f}" for name in ("rps", "p50_ms", "p99_ms"))
    return f"{kind}: {sum(spent.values()):.3f} ms = {told} ({speed})"


def crews(stack: Stack) -> Mapping[str, list[int]]:
    """The processes of a stack by what they do. Workers are those with threads."""
    children = stack.workers.pids
    return {
        "worker": [pid for pid in children if len(_threads(pid)) > 1],
        "decoder": [pid for pid in children if len(_threads(pid)) == 1],
        "nginx": list(family(stack.nginx.process.pid)),
        "pgbouncer": list(family(stack.pgbouncer.process.pid)),
        "postgres": list(family(stack.postgres.process.pid)),
    }


def used(members: Mapping[str, Iterable[int]]) -> dict[str, float]:
    """Seconds on a processor so far, of all threads, also of those that have ended."""
    return {who: sum(time.clock_gettime(_clock(pid)) for pid in pids) for who, pids in members.items()}


def _clock(pid: int) -> int:
    """The clock of a process's time on a processor, as clock_getcpuclockid(3) makes its number."""
    return (~pid << 3) | _SCHEDULED


def _threads(pid: int) -> list[Path]:
    return list(Path(f"/proc/{pid}/task").iterdir())


if __name__ == "__main__":
    main()
