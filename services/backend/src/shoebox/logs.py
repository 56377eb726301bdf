"""One line for each thing that happened, to `app.log` and the console.

Every process of a host appends to the same file. A line is ONE `write` to a descriptor
opened with O_APPEND, which POSIX makes atomic towards other writers of a local file
(IEEE Std 1003.1, write()): no line is torn, none lost, no lock is taken.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import logging
import os
import re
import threading
import time
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Final

MAX_LOG_BYTES: Final = 64 * 1024 * 1024  # a file this long still opens in an editor
KEPT_LOGS: Final = 5  # with the current one under 400 MiB
MAX_FIELD: Final = 1024  # characters of one value; longer ones are a client's doing
LOOK_INTERVAL: Final = 1.0  # seconds between looks at whether the file was rotated or is too long

_PLAIN: Final = re.compile(r"[!#-<>-\[\]-~]+")  # printable ASCII without space, quote, = and backslash
_STANDARD: Final = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}


def quote(value: object) -> str:
    """A value as it may stand in a line: nothing in it can end the line or forge a field."""
    text = str(value)[:MAX_FIELD]
    if _PLAIN.fullmatch(text):
        return text
    kept = (c if c.isprintable() and c not in '"\\' else _escape(c) for c in text)
    return '"' + "".join(kept) + '"'


def _escape(character: str) -> str:
    return json.dumps(character)[1:-1]


class TextFormatter(logging.Formatter):
    """`time LEVEL name request-id message key=value …`, for people."""

    def __init__(self, request_id: Callable[[], str]) -> None:
        super().__init__()
        self._request_id = request_id

    def format(self, record: logging.LogRecord) -> str:
        fields = "".join(f" {name}={quote(value)}" for name, value in _fields(record, self).items())
        request_id = self._request_id() or "-"
        return f"{_time(record)} {record.levelname} {record.name} {request_id} {_flat(record.getMessage())}{fields}"


class JsonFormatter(logging.Formatter):
    """One JSON object a line, for programs: asctime, name, levelname, message, request_id, fields."""

    def __init__(self, request_id: Callable[[], str]) -> None:
        super().__init__()
        self._request_id = request_id

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "asctime": _time(record),
            "name": record.name,
            "levelname": record.levelname,
            "message": record.getMessage(),
            "request_id": self._request_id() or None,
        }
        return json.dumps(line | _fields(record, self), default=str)


def _time(record: logging.LogRecord) -> str:
    seconds, fraction = divmod(record.created, 1)
    return f"{_second(int(seconds))}.{int(fraction * 1_000_000):06d}Z"


@lru_cache(maxsize=2)
def _second(seconds: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))


def _flat(message: str) -> str:
    return message if message.isprintable() else "".join(c if c.isprintable() else _escape(c) for c in message)


def _fields(record: logging.LogRecord, formatter: logging.Formatter) -> dict[str, object]:
    fields = {name: value for name, value in record.__dict__.items() if name not in _STANDARD}
    if record.exc_info:
        fields["exception"] = formatter.formatException(record.exc_info)[-MAX_FIELD * 4 :]
    return fields


class LogFile:
    """A file that many processes append to and any of them may rotate."""

    def __init__(self, path: Path, *, max_bytes: int = MAX_LOG_BYTES, kept: int = KEPT_LOGS) -> None:
        self._path = path
        self._max_bytes = max_bytes
        self._kept = kept
        self._lock = threading.Lock()
        self._fd = self._open()
        self._next_look = time.monotonic() + LOOK_INTERVAL

    def _open(self) -> int:
        return os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)

    def write(self, line: bytes) -> None:
        """Append one line that ends in a newline."""
        if time.monotonic() >= self._next_look:
            self._look()
        try:
            os.write(self._fd, line)
        except OSError:
            return  # a full disk loses the line, not the request

    def _look(self) -> None:
        """Follow a rotation by somebody else, or rotate. Lines written to the old file by a
        process that has not looked yet are kept there."""
        with self._lock, contextlib.suppress(OSError):
            self._next_look = time.monotonic() + LOOK_INTERVAL
            if os.fstat(self._fd).st_size > self._max_bytes:
                self._rotate()
            if not self._is_current():
                # dup2 swaps the file under the same number, so that no thread that is
                # about to write finds a closed descriptor.
                fresh = self._open()
                os.dup2(fresh, self._fd, inheritable=False)
                os.close(fresh)

    def _is_current(self) -> bool:
        try:
            named = self._path.stat()
        except FileNotFoundError:
            return False
        return os.path.samestat(named, os.fstat(self._fd))

    def _rotate(self) -> None:
        with self._path.with_name(self._path.name + ".lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not self._is_current():
                return  # another process was first
            for number in range(self._kept - 1, 0, -1):
                older = self._path.with_name(f"{self._path.name}.{number}")
                if older.exists():
                    older.replace(self._path.with_name(f"{self._path.name}.{number + 1}"))
            self._path.replace(self._path.with_name(f"{self._path.name}.1"))


class LineHandler(logging.Handler):
    """Hands finished lines to sinks, each a callable that takes the bytes of one line."""

    def __init__(self, *sinks: Callable[[bytes], object]) -> None:
        super().__init__()
        self._sinks = sinks

    def handle(self, record: logging.LogRecord) -> bool:
        """Without the lock and the filters of other handlers: a line is one write, and there are none."""
        self.emit(record)
        return True

    def emit(self, record: logging.LogRecord) -> None:
        line = self.format(record).encode("utf-8", "backslashreplace") + b"\n"
        for sink in self._sinks:
            sink(line)


def console(line: bytes) -> None:
    """Write one line to standard error."""
    try:
        os.write(2, line)
    except OSError:
        return  # nobody reading it is no reason to stop


def configure(folder: Path, *, level: str, style: str, request_id: Callable[[], str], quiet: bool = False) -> None:
    """Send every record of this process to `folder/app.log` and, unless `quiet`, the console.

    `style` is `text` or `json`; `request_id` gives the id of the request this thread serves.
    """
    file = LogFile(folder / "app.log").write
    handler = LineHandler(file) if quiet else LineHandler(file, console)
    handler.setFormatter(JsonFormatter(request_id) if style == "json" else TextFormatter(request_id))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    # Not asked for by any line of ours, and each costs a system call or a frame walk.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    logging._srcfile = None
