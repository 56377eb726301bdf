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
from tests.stack.proc import SESSION, START, STATE, below, everybody, status

STOP_PATIENCE: Final = 40.0  # seconds a service may take to stop in good order before it is killed
KILL_PATIENCE: Final = 60.0  # seconds until what was killed is gone; a disk that is busy holds it for as long
_POLL: Final = 0.02  # seconds between two looks
_LONGEST_POLL: Final = 0.2  # seconds: what is waited for longer needs the processor more than who looks
_MAX_OUTPUT: Final = 1024 * 1024  # bytes; enough to say why something does not start
_OPEN_FILES: Final = 65536  # enough for every connection a test opens; many shells give 1024
_AWAKE: Final = frozenset("RSD")  # the states of a process that may start others; what sleeps wakes up to stop
_FREEZE_PATIENCE: Final = 20.0  # seconds; only what waits for a disk takes longer than an instant


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
        draft = self.folder / f".{self.name}.{self.pid}"  # others read the records: none is ever half there
        draft.write_text(f"{self.pid} {start_time(self.pid)} {self.stop_signal.value}\n")
        draft.replace(self._record)
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
                self.kill()
                return
        self._end()

    def kill(self) -> None:
        """`kill -9` of the process and of everything it started. Returns when all is gone."""
        if self._child is not None:
            family = frozen_family(self._child.pid)
            for pid in family:
                send(pid, signal.SIGKILL)
            self._end()
            for pid, started in family.items():
                wait_gone(pid, KILL_PATIENCE, started=started)

    def _end(self) -> None:
        assert self._child is not None
        self._child.wait(KILL_PATIENCE)
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
    pause = _POLL
    while not ready():
        if time.monotonic() > deadline:
            raise StackError(f"{what}: not within {patience:g} s")
        time.sleep(pause)
        pause = min(1.2 * pause, _LONGEST_POLL)


def descendants(pid: int) -> list[int]:
    """The process's children and theirs, those that have ended left out."""
    table = everybody()
    return [child for child in below(pid, table) if table[child][STATE] != "Z"]


def frozen_family(leader: int) -> dict[int, str]:
    """The process and all below it, in sessions of their own too, with their start times; all stopped.

    They stop before their children are looked for: who could still start another one would be left
    behind by a kill, as PostgreSQL starts one for every connection.
    """
    deadline = time.monotonic() + _FREEZE_PATIENCE
    family: dict[int, str] = {}
    calm = 0  # looks in a row that found everybody stopped and nobody new; one may have begun before they were
    while calm < 2 and time.monotonic() < deadline:
        table = everybody()
        members = [pid for pid in (leader, *below(leader, table)) if pid in table]
        new = [pid for pid in members if pid not in family]
        for pid in new:
            send(pid, signal.SIGSTOP)
            family[pid] = table[pid][START]
        awake = any(table[pid][STATE] in _AWAKE for pid in members)
        calm = 0 if new or awake else calm + 1
        time.sleep(_POLL if awake and not new else 0)
    return family


def end_session(leader: int) -> None:
    """`kill -9` what is left of the session that `leader` led."""
    deadline = time.monotonic() + KILL_PATIENCE
    while members := _living_in_session(leader):
        for pid in members:
            send(pid, signal.SIGKILL)
        if time.monotonic() > deadline:
            raise StackError(f"processes {members} cannot be killed")
        time.sleep(_POLL)


def _living_in_session(leader: int) -> list[int]:
    return [pid for pid, fields in everybody().items() if int(fields[SESSION]) == leader and fields[STATE] != "Z"]


def start_time(pid: int) -> str:
    """Clock ticks after boot at which `pid` started; empty when it does not run (any more)."""
    fields = status(pid)
    return fields[START] if fields and fields[STATE] != "Z" else ""


def wait_gone(pid: int, patience: float, *, started: str = "") -> None:
    """Wait for the end of a process that may not be our child and that started at `started` (now, if it is
    not said); `kill -9` of it and all below it after `patience` (seconds)."""
    started = started or start_time(pid)
    deadline = time.monotonic() + patience
    while started and start_time(pid) == started:
        if time.monotonic() > deadline + KILL_PATIENCE:
            raise StackError(f"process {pid} cannot be killed")
        if time.monotonic() > deadline:
            for member in frozen_family(pid):
                send(member, signal.SIGKILL)
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
