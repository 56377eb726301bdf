"""`python -m tests.stack up|down`: what `make stack` and `make stack-down` run.

Settings come as words of make, that is as environment variables, or from `.env` in the checkout.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import FrameType
from typing import Final

from dotenv import dotenv_values

from shoebox.config import ConfigError, load
from shoebox.config.model import ServerConfig
from shoebox.config.settings import SETTINGS
from tests.stack.checkout import CHECKOUT
from tests.stack.layout import Layout
from tests.stack.ports import all_free
from tests.stack.process import StackError
from tests.stack.reaper import down
from tests.stack.stack import Stack

_LOOK: Final = 0.2  # seconds between two looks at the services
_MAX_DEATHS: Final = 20  # of services, before somebody should look at why
_OWN_SETTINGS: Final = ("NGINX_PROCESSES", "MAX_CONNECTIONS_PER_CLIENT")


class _Signals:
    """The last signal that came. SIGINT and SIGTERM end the run, SIGHUP reloads."""

    def __init__(self) -> None:
        self.ending = False
        self.reloading = False
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._take)

    def _take(self, number: int, frame: FrameType | None) -> None:
        if number == signal.SIGHUP:
            self.reloading = True
        elif not self.ending:
            self.ending = True
            raise KeyboardInterrupt


def main() -> int:
    """Exit code 0 after an orderly end, 1 when something does not start."""
    settings = _settings(os.environ)
    state = Path(settings["STATE_DIR"]) if settings.get("STATE_DIR") else None
    try:
        if sys.argv[1:] == ["down"]:
            found = down(Layout.of(state, settings).work)
            print("stopped" if found else "nothing was running")
            return 0
        return _up(state, settings, load(settings).server)
    except (StackError, ConfigError) as error:
        print(f"make stack: {error}", file=sys.stderr)
        return 1


def _up(state: Path | None, settings: Mapping[str, str], server: ServerConfig) -> int:
    signals = _Signals()
    _want_free("PORT", server.port, 1)
    if server.start_port:
        _want_free("WEB_SERVER_START_PORT", server.start_port, server.workers)
    stack = Stack(
        state=state, workers=server.workers, port=server.port, start_port=server.start_port, settings=settings
    )
    try:
        stack.start()
        print(f"ready: {stack.url}", flush=True)
        _watch(stack, signals)
    except KeyboardInterrupt:
        print("stopping", flush=True)
    finally:
        stack.stop()
    return 0


def _watch(stack: Stack, signals: _Signals) -> None:
    """Start again what dies, as an orchestrator would; ends with KeyboardInterrupt."""
    deaths = 0
    while True:
        time.sleep(_LOOK)
        if signals.reloading:
            signals.reloading = False
            stack.workers.reload()
        for name, service in stack.services.items():
            service.process.trim()
            if service.process.alive:
                continue
            deaths += 1
            if deaths > _MAX_DEATHS:
                raise StackError(f"{name} died again, which makes {deaths}:\n{service.process.tail()}")
            print(f"{name} died and is started again", file=sys.stderr, flush=True)
            service.kill()  # whatever it left behind
            service.start()


def _want_free(variable: str, first: int, count: int) -> None:
    if not all_free(first, count):
        ports = str(first) if count == 1 else f"{first} to {first + count - 1}"
        raise StackError(f"{variable}={first} is not usable: something listens on port {ports} already")


def _settings(environ: Mapping[str, str]) -> dict[str, str]:
    """Those given, under their first names; an empty one counts as absent."""
    merged = {**dotenv_values(CHECKOUT / ".env"), **{name: value for name, value in environ.items() if value}}
    spellings = {setting.name: (setting.name, *setting.aliases) for setting in SETTINGS}
    spellings |= {name: (name,) for name in _OWN_SETTINGS}
    found = {
        name: next((merged[alias] for alias in known if merged.get(alias)), None) for name, known in spellings.items()
    }
    return {name: value for name, value in found.items() if value}


if __name__ == "__main__":
    sys.exit(main())
