"""Exec in place: the master becomes its own successor and keeps its children and sockets.

Same process id, new code and settings. What must survive travels in one environment variable
that names open descriptors and child processes.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from shoebox.server.programs import Program, Slot

VARIABLE: Final = "SHOEBOX_INHERITANCE"
CHECK_LIMIT: Final = 30.0  # seconds; imports take under one
WATCH_INTERVAL: Final = 1.0  # seconds; a developer's patience, and next to no work


@dataclass(frozen=True, slots=True, kw_only=True)
class Reloading:
    """How to become one's successor.

    `exec_argv` is what to exec, with a full path first; `check_argv` is run before and must
    exit with 0, else nothing changes. `environ` is used for both: it must not hold what an
    `.env` file set, or the file's new values would not count.
    """

    exec_argv: Sequence[str]
    check_argv: Sequence[str]
    environ: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Inheritance:
    """What passes from a master to its successor. Children are (process id, program, index)."""

    pid: int
    generation: int
    lifeline: tuple[int, int]
    listeners: dict[str, int]
    handovers: dict[str, tuple[int, int]]
    children: tuple[tuple[int, str, int], ...]

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> Inheritance | None:
        """What a predecessor left, or None at a first start.

        The process id must be ours: the variable may have leaked to another program.
        """
        text = environ.get(VARIABLE)
        if text is None:
            return None
        # An older or newer master may have written it: fields may be added, never renamed.
        fields = {name: value for name, value in json.loads(text).items() if name in cls.__slots__}
        if fields["pid"] != os.getpid():
            return None
        fields["lifeline"] = tuple(fields["lifeline"])
        fields["handovers"] = {name: tuple(pair) for name, pair in fields["handovers"].items()}
        fields["children"] = tuple(tuple(child) for child in fields["children"])
        return cls(**fields)

    def descriptors(self) -> tuple[int, ...]:
        """Every descriptor that must stay open over the exec."""
        pairs = (fd for pair in self.handovers.values() for fd in pair)
        return (*self.lifeline, *self.listeners.values(), *pairs)


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """The check of a reload, running in a process of its own. `deadline` is monotonic."""

    pid: int
    deadline: float

    @classmethod
    def start(cls, reloading: Reloading) -> Check:
        """Start it; its messages go where ours go. Raises OSError."""
        argv = list(reloading.check_argv)
        pid = os.posix_spawn(argv[0], argv, _without_inheritance(reloading.environ))
        return cls(pid=pid, deadline=time.monotonic() + CHECK_LIMIT)

    def kill(self) -> None:
        """End it; the reaper hears of it like of any other end."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)


def become(reloading: Reloading, inheritance: Inheritance) -> None:
    """Exec. Returns never, or raises OSError with every descriptor closed-on-exec again."""
    argv = list(reloading.exec_argv)
    environ = _without_inheritance(reloading.environ)
    environ[VARIABLE] = json.dumps(asdict(inheritance))
    try:
        _set_inheritable(inheritance, inheritable=True)
        os.execve(argv[0], argv, environ)
    finally:
        _set_inheritable(inheritance, inheritable=False)


def take_over(inheritance: Inheritance) -> None:
    """In the successor: keep the descriptors from leaking into programs it starts."""
    _set_inheritable(inheritance, inheritable=False)


def watcher(folders: Iterable[Path], on_change: Callable[[], None]) -> Program:
    """A program for development: calls `on_change` when a `.py`, `.html` or `.env` file changed.

    The files are looked at once when this is called, so a change between then and the
    program's start is noticed.
    """
    roots = tuple(folders)
    before = _modified(roots)

    def run(slot: Slot) -> int:
        nonlocal before
        slot.ready()
        while not slot.draining:
            slot.wait(WATCH_INTERVAL)
            now = _modified(roots)
            if now != before:
                before = now
                on_change()
        return 0

    return Program(name="watcher", run=run)


def _modified(roots: tuple[Path, ...]) -> dict[Path, int]:
    found: dict[Path, int] = {}
    for root in roots:
        for path in root.rglob("*") if root.is_dir() else [root]:
            if path.suffix in {".py", ".html"} or path.name == ".env":
                try:
                    found[path] = path.stat().st_mtime_ns
                except FileNotFoundError:
                    continue  # an editor replaces a file by removing it first
    return found


def _without_inheritance(environ: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environ.items() if name != VARIABLE}


def _set_inheritable(inheritance: Inheritance, *, inheritable: bool) -> None:
    for fd in inheritance.descriptors():
        os.set_inheritable(fd, inheritable)
