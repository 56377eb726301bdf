"""What a running system lets a test do, whichever it is."""

from __future__ import annotations

import signal
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from tests.stack.layout import Layout
from tests.stack.process import send, wait_until
from tests.stack.sockets import holders
from tests.stack.workers import Workers

PLACE_PATIENCE: Final = 60.0  # seconds; the place of a worker that was killed is empty for a moment


class Topology(ABC):
    """`with … as running:` runs it until the block ends."""

    layout: Layout
    workers: Workers
    worker_count: int

    @property
    @abstractmethod
    def url(self) -> str:
        """Where visitors come in, without a slash at the end."""

    @property
    def master_pid(self) -> int:
        """The process that supervises the workers."""
        return self.workers.process.pid

    @property
    def app_log(self) -> Path:
        """What the workers log."""
        return self.layout.logs / "app.log"

    @abstractmethod
    def worker_pid(self, index: int) -> int:
        """The process of worker `index`, which is waited for while its place is empty. Raises `StackError`
        if it stays so."""

    def _listening(self, choose: Callable[[list[int]], int | None], port: int) -> int:
        """The one to choose of the processes that listen on `port`, oldest first, as soon as there is one."""
        chosen: list[int] = []

        def is_there() -> bool:
            pid = choose(holders(port, self.workers.pids))
            chosen.extend([] if pid is None else [pid])
            return bool(chosen)

        wait_until(is_there, patience=PLACE_PATIENCE, what=f"a worker listens on port {port}")
        return chosen[0]

    def kill_worker(self, index: int) -> int:
        """`kill -9` of worker `index`; returns the process id it had. Its place may be empty for a moment then."""
        pid = self.worker_pid(index)
        send(pid, signal.SIGKILL)
        return pid

    @abstractmethod
    def start(self) -> Self:
        """Start everything; returns when /health says so. On failure nothing is left running.
        Raises `StackError`."""

    @abstractmethod
    def stop(self) -> None:
        """Stop everything in good order. Harmless when it is stopped already."""

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
