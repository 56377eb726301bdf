"""Real decoder processes for tests: a small crew that replaces its dead, as the master does."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shoebox.imaging import decoder
from shoebox.imaging.codec import PixelLimits
from shoebox.imaging.pillow import preload

LIMITS = PixelLimits(max_pixels=50_000_000, max_jpeg_pixels=200_000_000)
_SOURCES = Path(decoder.__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Crew:
    """A running crew. `jobs` is the workers' end of its queue."""

    jobs: socket.socket
    supervisor: int

    def pids(self) -> list[int]:
        """The decoders that live now."""
        children = Path(f"/proc/{self.supervisor}/task/{self.supervisor}/children")
        return [int(pid) for pid in children.read_text().split()]

    def kill_all(self) -> None:
        """What an operator or the kernel's out-of-memory killer does."""
        for pid in self.pids():
            os.kill(pid, signal.SIGKILL)

    def peak(self) -> int:
        """The most memory one of the decoders ever had, in bytes."""
        return max(_status(pid, "VmHWM") for pid in self.pids())

    def at_work(self) -> int:
        """How many decoders hold a picture's file right now."""
        return sum(_holds_picture(pid) for pid in self.pids())

    def descriptors(self) -> list[int]:
        """How many files each decoder has open."""
        return [len(list(Path(f"/proc/{pid}/fd").iterdir())) for pid in self.pids()]


@contextmanager
def crew(count: int = 1, *, put_back: bool = True, **settings: Any) -> Iterator[Crew]:
    """`count` decoders with these `DecoderSettings`; `large_lock` is a descriptor."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    lock = settings.get("large_lock")
    command = [
        sys.executable,
        __file__,
        str(theirs.fileno()),
        str(ours.fileno() if put_back else -1),
        str(count),
        json.dumps(settings),
    ]
    descriptors = [theirs.fileno(), ours.fileno()] + ([] if lock is None else [lock])
    path = os.pathsep.join([str(_SOURCES), os.environ.get("PYTHONPATH", "")])
    with subprocess.Popen(
        command,
        pass_fds=descriptors,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": path},
    ) as process:
        theirs.close()
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        with ours:
            yield Crew(ours, process.pid)
            assert process.stdin is not None
            process.stdin.close()


def _status(pid: int, field: str) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(field):
            return int(line.split()[1]) * 1024
    raise LookupError(field)


def _holds_picture(pid: int) -> bool:
    return any("(deleted)" in target for fd, target in _opened(pid) if fd > 2)  # less are pytest's


def _opened(pid: int) -> Iterator[tuple[int, str]]:
    with contextlib.suppress(FileNotFoundError):  # it ended
        for link in Path(f"/proc/{pid}/fd").iterdir():
            with contextlib.suppress(FileNotFoundError):  # closed meanwhile
                yield int(link.name), str(link.readlink())


def _supervise(
    jobs: socket.socket, put_back: socket.socket | None, count: int, settings: decoder.DecoderSettings
) -> None:
    preload()
    alive: set[int] = set()
    announced = False
    while not select.select([sys.stdin], [], [], 0.01)[0]:
        while len(alive) < count:
            alive.add(_fork(jobs, put_back, settings))
        if not announced:
            print("ready", flush=True)
            announced = True
        with contextlib.suppress(ChildProcessError):
            pid, _ = os.waitpid(-1, os.WNOHANG)
            alive.discard(pid)
    for pid in alive:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def _fork(jobs: socket.socket, put_back: socket.socket | None, settings: decoder.DecoderSettings) -> int:
    pid = os.fork()
    if pid == 0:
        parent = os.getppid()
        os._exit(
            decoder.serve(jobs, settings, beat=lambda: None, draining=lambda: os.getppid() != parent, put_back=put_back)
        )
    return pid


if __name__ == "__main__":
    _supervise(
        socket.socket(fileno=int(sys.argv[1])),
        socket.socket(fileno=int(sys.argv[2])) if int(sys.argv[2]) >= 0 else None,
        int(sys.argv[3]),
        decoder.DecoderSettings(limits=LIMITS, **json.loads(sys.argv[4])),
    )
