"""What a harness that was killed left running is stopped: by its guard, by the next start in the
same folder, or by `make stack-down`.
"""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Final, TextIO

from tests.stack.process import CHECKOUT, STOP_PATIENCE, StackError, end_session, send, start_time, wait_gone

_CLAIM_PATIENCE: Final = 30.0  # seconds; a guard may still be tidying up after the last harness
_POLL: Final = 0.05  # seconds between two looks


class Claim:
    """The right to run a stack in `folder`: one harness at a time, for as long as it lives."""

    def __init__(self, folder: Path) -> None:
        self._file = _locked(folder)
        self._file.truncate(0)
        self._file.write(f"{os.getpid()}\n")
        self._file.flush()

    def release(self) -> None:
        """Let the next one in."""
        self._file.close()


class Guard:
    """Reaps `folder` when the process that made the guard is gone, however it went."""

    def __init__(self, folder: Path) -> None:
        # The write end of this pipe lives in the harness alone: its death is the end of the input.
        script = 'cat >/dev/null; exec "$@"'
        self._child = subprocess.Popen(
            ["sh", "-c", script, "guard", sys.executable, "-m", "tests.stack.reaper", str(folder)],
            cwd=CHECKOUT,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def close(self) -> None:
        """The end of the watch, once everything was stopped."""
        assert self._child.stdin is not None
        self._child.terminate()
        self._child.stdin.close()
        self._child.wait(STOP_PATIENCE)
        end_session(self._child.pid)


def down(folder: Path) -> bool:
    """Stop the stack in `folder`: its harness if it lives, whatever it left otherwise.

    Returns whether anything was there to stop.
    """
    holder = _holder(folder)
    if holder is not None:
        send(holder, signal.SIGTERM)
        wait_gone(holder, 3 * STOP_PATIENCE)
    if not folder.exists():
        return False
    claim = Claim(folder)
    reaped = reap(folder)
    claim.release()
    return bool(holder or reaped)


def reap(folder: Path) -> list[str]:
    """Stop every process written down in `folder` or right below, youngest first; returns their names.

    Only for the holder of the folder's claim.
    """
    records = sorted((*folder.glob("pids/*"), *folder.glob("*/pids/*")), key=_made, reverse=True)
    reaped = []
    for record in records:
        pid, started, number = record.read_text().split()
        if start_time(int(pid)) == started:
            send(int(pid), signal.Signals(int(number)))
            wait_gone(int(pid), STOP_PATIENCE)
            reaped.append(record.name.partition(".")[0])
        if start_time(int(pid)) in {"", started}:  # otherwise the number belongs to a stranger now
            end_session(int(pid))
        record.unlink()
    return reaped


def _made(path: Path) -> int:
    return path.stat().st_mtime_ns


def _locked(folder: Path) -> TextIO:
    folder.mkdir(parents=True, exist_ok=True)
    file = (folder / "claim").open("a+")
    deadline = time.monotonic() + _CLAIM_PATIENCE
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = _holder(folder)
            if holder is not None or time.monotonic() > deadline:
                file.close()
                raise StackError(
                    f"a stack is running in {folder} already (process {holder}); stop it with: make stack-down"
                ) from error
            time.sleep(_POLL)
        else:
            return file


def _holder(folder: Path) -> int | None:
    """The harness that holds the claim, if it is a living one and not a guard at its work."""
    claim = folder / "claim"
    if not claim.exists():
        return None
    with claim.open("r+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pid = file.read().strip()
            return int(pid) if pid.isdigit() and start_time(int(pid)) else None
    return None


def _guard(folder: Path) -> None:
    """The last act of a guard. Whoever holds the claim by now has reaped, or is about to."""
    with (folder / "claim").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        file.truncate(0)
        reap(folder)


if __name__ == "__main__":
    _guard(Path(sys.argv[1]))
