"""The embedded topology, as `make run` starts it: workers on one port, SQLite, local disk."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final, Self

from tests.stack.health import healthy
from tests.stack.layout import Layout
from tests.stack.ports import LOOPBACK, free_port
from tests.stack.process import wait_until
from tests.stack.topology import Topology
from tests.stack.workers import Workers

READY_PATIENCE: Final = 90.0  # seconds


class Embedded(Topology):
    """`with Embedded(state=folder) as embedded:` runs it until the block ends. `settings` are the
    contract's, as text."""

    def __init__(
        self, *, state: Path, workers: int = 2, port: int | None = None, settings: Mapping[str, str] | None = None
    ) -> None:
        given = dict(settings or {})
        self.layout = Layout.of(state, given)
        self.worker_count = workers
        self.port: Final = port or free_port()
        state_dir = self.layout.work.parent
        self.workers = Workers(
            self.layout.work / "workers",
            settings={
                **given,
                "STATE_DIR": str(state_dir),
                "BIND": LOOPBACK,
                "PORT": str(self.port),
                "WEB_SERVER_WORKERS": str(workers),
                "IMAGES_DIR": str(self.layout.images),
                "LOG_DIR": str(self.layout.logs),
                "DATABASE_PATH": str(self.layout.work / "workers" / "shoebox.db"),
            },
            writes=(self.layout.images, self.layout.logs, state_dir / "metrics"),
        )

    @property
    def url(self) -> str:
        """Where visitors come in, without a slash at the end."""
        return f"http://{LOOPBACK}:{self.port}"

    def worker_pid(self, index: int) -> int:
        """Worker `index` of those that listen, the oldest first."""
        return self._listening(lambda found: found[index] if len(found) > index else None, self.port)

    def start(self) -> Self:
        """Start; returns when /health says so. On failure nothing is left running."""
        try:
            self.workers.start()
            wait_until(
                lambda: healthy(self.url, self.workers.process),
                patience=READY_PATIENCE,
                what=f"{self.url}/health answers 200",
            )
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """SIGTERM; nothing is left running."""
        self.workers.stop()
