"""The results of one run, with where and how they were measured; kept as JSON."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Self

from tests.bench.sample import Cell, Sample
from tests.stack.checkout import CHECKOUT

LAST: Final = CHECKOUT / ".state" / "bench.json"  # where a run leaves its results


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """`machine` and `options` are for people: words and what they are."""

    date: str
    commit: str
    machine: Mapping[str, str]
    options: Mapping[str, str]
    titles: Mapping[str, str]  # of the scenarios, by name
    cells: Sequence[Cell] = field(default_factory=list)

    @classmethod
    def of(cls, cells: Sequence[Cell], *, folder: Path, options: Mapping[str, str], titles: Mapping[str, str]) -> Self:
        """Those of a run that just ended, whose files are in `folder`."""
        return cls(
            date=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
            commit=_commit(),
            machine=_machine(folder),
            options=options,
            titles=titles,
            cells=cells,
        )

    @property
    def errors(self) -> list[str]:
        """What went wrong, a sentence for each cell that has no result."""
        return [f"{cell.scenario}, {cell.subject}: {cell.errors}" for cell in self.cells if cell.errors]

    def write(self, path: Path) -> None:
        """As JSON, the medians beside the samples they are of."""
        told = asdict(self)
        told["cells"] = [{**asdict(cell), "medians": cell.medians, "errors": cell.errors} for cell in self.cells]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n")

    @classmethod
    def read(cls, path: Path) -> Self:
        """What `write` wrote."""
        told: dict[str, Any] = json.loads(path.read_text())
        cells = [
            Cell(
                scenario=cell["scenario"],
                subject=cell["subject"],
                samples=[Sample(**sample) for sample in cell["samples"]],
            )
            for cell in told.pop("cells")
        ]
        return cls(**told, cells=cells)


def _commit() -> str:
    def git(*words: str) -> str:
        done = subprocess.run(["git", *words], cwd=CHECKOUT, capture_output=True, text=True, check=False)
        return done.stdout.strip()

    changed = git("status", "--porcelain", "--untracked-files=no")
    return (git("rev-parse", "--short=12", "HEAD") or "unknown") + (" and changes" if changed else "")


def _machine(folder: Path) -> dict[str, str]:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1024**3
    return {
        "cores": f"{len(os.sched_getaffinity(0))} of {_processor()}",
        "memory": f"{memory:.0f} GiB",
        "kernel": f"{platform.system()} {platform.release()}",
        "disk": _disk(folder),
        "Python": platform.python_version(),
    }


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            return value.strip()
    return platform.machine()


def _disk(folder: Path) -> str:
    """The file system that `folder` is on and what kind of device is below it (proc(5): mountinfo)."""
    place = folder.resolve()
    best = ("", "unknown", "")
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        first, _, second = line.partition(" - ")
        mount, (kind, device) = first.split()[4], second.split()[:2]
        if place.is_relative_to(mount) and len(mount) >= len(best[0]):
            best = (mount, kind, Path(device).name)
    name = best[2].rstrip("0123456789")
    rotational = Path("/sys/block", name, "queue", "rotational")
    if name.startswith(("vd", "xvd")):  # it says that it turns, whatever it is made of
        what = " on a virtual disk"
    elif rotational.exists():
        what = " on a disk that turns" if rotational.read_text().strip() == "1" else " on a disk that does not turn"
    else:
        what = ""
    return best[1] + what
