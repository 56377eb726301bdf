"""What a harness that was killed left running is stopped: by its guard, by the next start in the
same folder, or by `make stack-down`.
"""

from __future__ import annotations

import fcntl
import os
import signal
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Final, TextIO

from tests.stack.process import STOP_PATIENCE, StackError, end_session, send, start_time, wait_gone

_CLAIM_PATIENCE: Final = 2.0  # seconds; the file is locked for an instant by whoever looks at it
_POLL: Final = 0.05  # seconds between two looks


class Claim:
    """The right to run a stack in `folder`: one harness at a time, for as long as it lives.

    Raises `StackError` while another one holds it.
    """

    def __init__(self, folder: Path) -> None:
        self._file = _locked(folder)
        self._file.truncate(0)
        self._file.write(f"{os.getpid()}\n")
        self._file.flush()

    def release(self) -> None:
        """Let the next one in."""
        self._file.close()


def down(folder: Path) -> bool:
    """Stop the stack in `folder`: its harness if it lives, whatever it left otherwise.

    Returns whether anything was there to stop.
    """
    if not folder.exists():
        return False
    holder = _holder(folder)
    if holder is not None:
        send(holder, signal.SIGTERM)
        wait_gone(holder, 3 * STOP_PATIENCE)
    claim = Claim(folder)
    reaped = reap_below(folder)
    claim.release()
    return bool(holder or reaped)


def reap_below(folder: Path) -> list[str]:
    """Stop every process written down in `folder` or right below, for the holder of its claim."""
    return reap([*folder.glob("pids/*"), *folder.glob("*/pids/*")])


def reap(records: Iterable[Path]) -> list[str]:
    """Stop the processes of these records, youngest first; returns their names.

    Two may reap the same at once; a number that the system has given to a stranger is left alone.
    """
    reaped = []
    for record in sorted(filter(Path.exists, records), key=_made, reverse=True):
        try:
            pid, started, number = record.read_text().split()
        except (FileNotFoundError, ValueError):  # reaped by another one; never finished writing
            continue
        if start_time(int(pid)) == started:
            send(int(pid), signal.Signals(int(number)))
            wait_gone(int(pid), STOP_PATIENCE, started=started)
            reaped.append(record.name.partition(".")[0])
        if start_time(int(pid)) in {"", started}:
            end_session(int(pid))
        record.unlink(missing_ok=True)
    return reaped


def _made(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except FileNotFoundError:
        return 0


def _locked(folder: Path) -> TextIO:
    folder.mkdir(parents=True, exist_ok=True)
    file = (folder / "claim").open("a+")
    deadline = time.monotonic() + _CLAIM_PATIENCE
    while not _try_lock(file):
        if time.monotonic() > deadline:
            file.close()
            raise StackError(f"a stack is running in {folder} already; stop it with: make stack-down")
        time.sleep(_POLL)
    return file


def _holder(folder: Path) -> int | None:
    """The living harness that holds the claim."""
    claim = folder / "claim"
    if not claim.exists():
        return None
    with claim.open("a+") as file:
        if _try_lock(file):
            return None
        file.seek(0)
        pid = file.read().strip()
        return int(pid) if pid.isdigit() else None


def _try_lock(file: TextIO) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


if __name__ == "__main__":
    reap(Path(line) for line in Path(sys.argv[1]).read_text().splitlines())
