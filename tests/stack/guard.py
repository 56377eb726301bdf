"""Stops what we started when we are gone, however we went: also by `kill -9`."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path
from typing import IO, Final

from tests.stack.checkout import CHECKOUT

_PATIENCE: Final = 60.0  # seconds for the guard itself to end

# The write end of its input lives in this process alone: our death is the end of it.
_SCRIPT: Final = 'list=$(mktemp); cat >"$list"; "$@" "$list"; rm "$list"'


class Guard:
    """A small process that knows the records of our processes, as long as there are any."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._records: set[Path] = set()
        self._child: subprocess.Popen[bytes] | None = None

    def watch(self, record: Path) -> None:
        """See to it that what `record` names ends with us."""
        with self._lock:
            if self._child is None:
                self._child = _start()
            self._records.add(record)
            told = _input_of(self._child)
            told.write(f"{record}\n".encode())
            told.flush()

    def forget(self, record: Path) -> None:
        """It has ended. When that was the last one the guard goes too."""
        with self._lock:
            self._records.discard(record)
            if not self._records and self._child is not None:
                _input_of(self._child).close()
                self._child.wait(_PATIENCE)
                self._child = None


GUARD: Final = Guard()


def _start() -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        ["sh", "-c", _SCRIPT, "guard", sys.executable, "-S", "-m", "tests.stack.reaper"],
        cwd=CHECKOUT,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def _input_of(child: subprocess.Popen[bytes]) -> IO[bytes]:
    assert child.stdin is not None
    return child.stdin
