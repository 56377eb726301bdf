"""A service as a child process that never outlives us.

Each is the leader of its own session, so a Ctrl-C in the terminal reaches only the harness; each is
written down in `<folder>/pids`, where `guard` and `reaper` find what a killed harness left behind.
"""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.stack.accounts import Account
from tests.stack.guard import GUARD

STOP_PATIENCE: Final = 20.0  # seconds a service may take to stop in good order before it is killed
_POLL: Final = 0.02  # seconds between two looks
_MAX_OUTPUT: Final = 1024 * 1024  # bytes; enough to say why something does not start
_OPEN_FILES: Final = 65536  # enough for every connection a test opens; many shells give 1024


class StackError(Exception):
    """A service does not start, or its program is missing. One sentence for people."""


@dataclass(kw_only=True)
class Process:
    """One service. `output` collects what it writes to stdout and stderr."""

    name: str
    argv: Sequence[str]
    folder: Path
    output: Path
    account: Account
    env: Mapping[str, str] = field(default_factory=dict)
    reaching: Iterable[Path] = ()
    stop_signal: signal.Signals = signal.SIGTERM
    _child: subprocess.Popen[bytes] | None = field(default=None, init=False)

    def start(self) -> None:
        """Start it and write it down; returns at once, before it is ready."""
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        files = min(_OPEN_FILES, hard) if hard != resource.RLIM_INFINITY else _OPEN_FILES
        command = self.account.command(self.argv, reaching=(self.folder, *self.reaching))
        with self.output.open("ab") as output:
            self._child = subprocess.Popen(
                ["prlimit", f"--nofile={files}:{hard}", "--", *command],
                cwd=self.folder,
                env={**_clean_environment(), **self.env},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._record.parent.mkdir(exist_ok=True)
        self._record.write_text(f"{self.pid} {start_time(self.pid)} {self.stop_signal.value}\n")
        GUARD.watch(self._record)

    @property
    def _record(self) -> Path:
        return self.folder / "pids" / f"{self.name}.{self.pid}"

    @property
    def pid(self) -> int:
        """Of the running process; raises `StackError` when it was never started."""
        if self._child is None:
            raise StackError(f"{self.name} was not started")
        return self._child.pid

    @property
    def alive(self) -> bool:
        """Whether the process itself (not its children) runs."""
        return self._child is not None and self._child.poll() is None

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the process alone; a dead one is left alone."""
        if self._child is not None:
            self._child.send_signal(number)

    def stop(self) -> None:
        """Stop in good order; kill what is left after `STOP_PATIENCE`. Returns when all is gone."""
        if self._child is None:
            return
        if self.alive:
            self.signal(self.stop_signal)
            try:
                self._child.wait(STOP_PATIENCE)
            except subprocess.TimeoutExpired:
                self._child.kill()
        self._end()

    def kill(self) -> None:
        """`kill -9` of the process and of everything it started."""
        if self._child is not None:
            family = [self._child.pid, *descendants(self._child.pid)]
            for pid in family:
                send(pid, signal.SIGKILL)
            self._end()
            for pid in family:
                wait_gone(pid, STOP_PATIENCE)

    def _end(self) -> None:
        assert self._child is not None
        self._child.wait(STOP_PATIENCE)
        end_session(self._child.pid)
        self._record.unlink(missing_ok=True)
        GUARD.forget(self._record)

    def trim(self) -> None:
        """Forget an output that has grown long; the services keep logs of their own."""
        if self.output.stat().st_size > _MAX_OUTPUT:
            os.truncate(self.output, 0)

    def tail(self, lines: int = 15) -> str:
        """The last lines of its output, for an error message."""
        if not self.output.exists():
            return ""
        return "\n".join(self.output.read_text(errors="replace").splitlines()[-lines:])


def wait_until(ready: Callable[[], bool], *, patience: float, what: str) -> None:
    """Call `ready` until it is true. Raises `StackError` when `patience` (seconds) runs out."""
    deadline = time.monotonic() + patience
    while not ready():
        if time.monotonic() > deadline:
            raise StackError(f"{what}: not within {patience:g} s")
        time.sleep(_POLL)


def descendants(pid: int) -> list[int]:
    """The process's children and theirs."""
    children: dict[int, list[int]] = {}
    for child, fields in _table().items():
        children.setdefault(int(fields[1]), []).append(child)
    found: list[int] = []
    waiting = [pid]
    while waiting:
        for child in children.get(waiting.pop(), []):
            found.append(child)
            waiting.append(child)
    return found


def end_session(leader: int) -> None:
    """`kill -9` what is left of the session that `leader` led."""
    deadline = time.monotonic() + STOP_PATIENCE
    while members := [pid for pid, fields in _table().items() if int(fields[3]) == leader and fields[0] != "Z"]:
        for pid in members:
            send(pid, signal.SIGKILL)
        if time.monotonic() > deadline:
            raise StackError(f"processes {members} cannot be killed")
        time.sleep(_POLL)


def _table() -> dict[int, list[str]]:
    """Every process: its fields of /proc/PID/stat after the name (proc(5): state, ppid, pgrp, session, …)."""
    table = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (fields := _stat(int(entry.name))):
            table[int(entry.name)] = fields
    return table


def _stat(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
    except OSError:  # it ended while we were looking
        return []


def start_time(pid: int) -> str:
    """Clock ticks after boot at which `pid` started; empty when it does not run (any more)."""
    fields = _stat(pid)
    return fields[19] if fields and fields[0] != "Z" else ""


def wait_gone(pid: int, patience: float) -> None:
    """Wait for the end of a process that may not be our child; `kill -9` after `patience` (seconds)."""
    deadline = time.monotonic() + patience
    while start_time(pid):
        if time.monotonic() > deadline:
            send(pid, signal.SIGKILL)
        time.sleep(_POLL)


def send(pid: int, number: signal.Signals) -> None:
    """A signal to a process that may just have ended."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def _clean_environment() -> dict[str, str]:
    """What a service may see of our own environment: no setting of the person at the keyboard leaks in."""
    kept = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR")
    return {name: os.environ[name] for name in kept if name in os.environ}
