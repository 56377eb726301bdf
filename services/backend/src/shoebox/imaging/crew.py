"""Decoders for a command that has no master: forked beside it, replaced when they die."""

from __future__ import annotations

import os
import select
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

from shoebox.imaging import decoder
from shoebox.imaging.pillow import preload

LOOK: Final = 0.05  # seconds between two looks at who died


@contextmanager
def crew(count: int, settings: decoder.DecoderSettings) -> Iterator[socket.socket]:
    """`count` decoders until the end of the block, or of this process; yields the end of the
    queue that `remote.RemoteCodec` takes. To be called before there are threads."""
    to_decoders, jobs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    watched, held = os.pipe()
    supervisor = os.fork()
    if supervisor == 0:
        try:
            os.close(held)
            # Ctrl-C is said to the whole terminal; when we stop is our parent's word.
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            _supervise(count, settings, jobs=jobs, to_decoders=to_decoders, watched=watched)
        finally:
            os._exit(0)
    jobs.close()
    os.close(watched)
    try:
        with to_decoders:
            yield to_decoders
    finally:
        os.close(held)
        os.waitpid(supervisor, 0)


def _supervise(
    count: int, settings: decoder.DecoderSettings, *, jobs: socket.socket, to_decoders: socket.socket, watched: int
) -> None:
    preload()
    alive: set[int] = set()
    # The other end of the pipe closes when our parent ends, however it does.
    while not select.select([watched], [], [], LOOK)[0]:
        with suppress(ChildProcessError):
            alive.discard(os.waitpid(-1, os.WNOHANG)[0])
        while len(alive) < count:
            alive.add(_fork(settings, jobs, to_decoders))
    for pid in alive:
        os.kill(pid, signal.SIGKILL)


def _fork(settings: decoder.DecoderSettings, jobs: socket.socket, to_decoders: socket.socket) -> int:
    parent = os.getpid()
    pid = os.fork()
    if pid == 0:
        try:
            decoder.serve(jobs, settings, beat=_ignore, draining=lambda: os.getppid() != parent, put_back=to_decoders)
        finally:
            os._exit(0)
    return pid


def _ignore() -> None:
    """Nobody watches the heartbeat: what hangs is ended by the kernel's alarm."""
