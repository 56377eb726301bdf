"""Imports modules and prints, as a JSON list, everything else that this was seen to do.

    python -B watch_imports.py SOURCE MODULE...

Each module is imported first, with none of the package loaded before it: so a circle of
imports that only works from one end is found too. Blame goes by the call stack: what
another package does while it is imported is between it and the import system.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, MutableMapping
from pathlib import Path

PACKAGE = "shoebox"
HARMLESS = (
    "builtins.id",
    "import",
    "compile",
    "exec",
    "object.",
    "marshal.",
    "code.",
    "sys._getframe",
    "os.fspath",
    "ctypes.",
)


def is_ours(source: str) -> bool:
    """Whether a line of the package is at work, with no import between it and here."""
    frame = sys._getframe(1)
    while frame is not None:
        name = frame.f_code.co_filename
        if name.startswith("<frozen importlib"):
            return False
        if name.startswith(source):
            return True
        frame = frame.f_back
    return False


class Tripwire(MutableMapping[str, str]):
    """An environment that tells when it is looked at."""

    def __init__(self, inner: MutableMapping[str, str], touched: Callable[[], None]) -> None:
        self._inner = inner
        self._touched = touched

    def __getitem__(self, key: str) -> str:
        self._touched()
        return self._inner[key]

    def __setitem__(self, key: str, value: str) -> None:
        self._touched()
        self._inner[key] = value

    def __delitem__(self, key: str) -> None:
        self._touched()
        del self._inner[key]

    def __iter__(self) -> Iterator[str]:
        self._touched()
        return iter(self._inner)

    def __len__(self) -> int:
        self._touched()
        return len(self._inner)


def umask() -> int:
    before = os.umask(0o022)
    os.umask(before)
    return before


def state() -> dict[str, object]:
    """What of a process an import could have changed without an audit event."""
    loggers = {name: log for name, log in logging.root.manager.loggerDict.items() if name.startswith(PACKAGE)}
    return {
        "descriptors": sorted(path.name for path in Path("/proc/self/fd").iterdir()),
        "logging": (logging.root.level, len(logging.root.handlers), logging.root.manager.disable),
        "logging of the package": [
            name for name, log in loggers.items() if isinstance(log, logging.Logger) and (log.handlers or log.level)
        ],
        "threads": threading.active_count(),
        "signals": {number: str(signal.getsignal(number)) for number in signal.valid_signals()},
        "umask": umask(),
        "folder": str(Path.cwd()),
    }


def forget() -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == PACKAGE]:
        del sys.modules[name]


def main(source: str, *names: str) -> None:
    seen: list[str] = []
    active = True

    def audit(event: str, arguments: tuple[object, ...]) -> None:
        if active and not event.startswith(HARMLESS) and is_ours(source):
            seen.append(f"{event}{arguments!r:.80}")

    def started(thread: threading.Thread) -> None:
        if is_ours(source):
            seen.append(f"thread {thread.name}")
        start(thread)

    start, threading.Thread.start = threading.Thread.start, started
    vars(os)["environ"] = Tripwire(os.environ, lambda: seen.append("environment") if is_ours(source) else None)
    sys.path.insert(0, source)
    sys.addaudithook(audit)
    output = io.StringIO()
    for name in names:
        forget()
        before = state()
        with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
            importlib.import_module(name)
        after = state()
        seen += [f"{name}: {what}: {after[what]}" for what in before if before[what] != after[what]]
    active = False
    if output.getvalue():
        seen.append(f"output: {output.getvalue()!r}")
    print(json.dumps(seen))


if __name__ == "__main__":
    main(*sys.argv[1:])
