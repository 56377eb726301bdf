"""The application itself: one master, N workers, started as an operator starts it."""

from __future__ import annotations

import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from tests.stack.accounts import account
from tests.stack.checkout import CHECKOUT
from tests.stack.process import Process, descendants, start_time
from tests.stack.service import Service

SOURCE: Final = CHECKOUT / "services" / "backend" / "src"


class Workers(Service):
    """`python -m shoebox serve` with `settings` as its environment, run in `folder`."""

    def __init__(self, folder: Path, *, settings: Mapping[str, str], writes: tuple[Path, ...]) -> None:
        self._account = account("www-data", "nobody")
        self._folder = folder
        self._writes = writes
        self.process = Process(
            name="workers",
            argv=[sys.executable, "-m", "shoebox", "serve"],
            folder=folder,
            output=folder / "workers.out",
            account=self._account,
            env={"PYTHONPATH": str(SOURCE), "PYTHONUNBUFFERED": "1", **settings},
            reaching=[*writes, SOURCE, Path(sys.prefix), Path(sys.base_prefix)],
        )

    @property
    def pids(self) -> list[int]:
        """Every process below the master: workers and decoders, oldest first."""
        return sorted(descendants(self.process.pid), key=lambda pid: int(start_time(pid) or 0))

    def start(self) -> None:
        """Start; returns at once, before anything answers."""
        for folder in (self._folder, *self._writes):
            self._account.own(folder)
        self.process.start()

    def reload(self) -> None:
        """SIGHUP: new code and settings; returns at once."""
        self.process.signal(signal.SIGHUP)
