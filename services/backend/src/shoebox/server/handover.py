"""Open connections that change their process, so that a reload closes none of them.

A kept-alive connection between two requests is nothing but a socket. The leaving generation
sends its descriptor to the staying one (unix(7), SCM_RIGHTS), where the next request finds it:
no client and no proxy ever meets a connection that closes under its request.
"""

from __future__ import annotations

import os
import select
import socket
import time
from typing import Final

PATIENCE: Final = 5.0  # seconds for the heirs to take one; they are ready before anybody leaves
_MESSAGE: Final = b"c"


def give(outbox: socket.socket, fd: int) -> bool:
    """Send a copy of the descriptor through a non-blocking socket; False when nobody takes it in time."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            socket.send_fds(outbox, [_MESSAGE], [fd])
        except BlockingIOError:
            if not _has_room(outbox, deadline - time.monotonic()):
                return False
        except OSError:
            return False
        else:
            return True


def take(inbox: socket.socket) -> socket.socket | None:
    """A connection that waits in a non-blocking socket, or None when a sibling was faster."""
    try:
        message, fds, _, _ = socket.recv_fds(inbox, len(_MESSAGE), 1)
    except BlockingIOError:
        return None
    if message != _MESSAGE or len(fds) != 1:
        for fd in fds:
            os.close(fd)
        return None
    return socket.socket(fileno=fds[0])


def _has_room(outbox: socket.socket, timeout: float) -> bool:
    if timeout <= 0:
        return False
    poll = select.poll()
    poll.register(outbox, select.POLLOUT)
    return bool(poll.poll(timeout * 1000))
