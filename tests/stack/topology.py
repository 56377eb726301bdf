"""What a running system lets a test do, whichever it is."""

from __future__ import annotations

import signal
from abc import ABC, abstractmethod
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.stack.layout import Layout
from tests.stack.process import send
from tests.stack.workers import Workers


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
        """The process of worker `index` now. Raises `StackError` if there is none."""

    def kill_worker(self, index: int) -> int:
        """`kill -9` of worker `index`; returns the process id it had."""
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
