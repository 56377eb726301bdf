"""Where connections are while no thread has them: idle in the kernel, or in line for a thread."""

from __future__ import annotations

import contextlib
import os
from collections import deque
from collections.abc import Callable

from shoebox.server.clients import Client
from shoebox.server.poller import Poller


class Parking:
    """Connections without a thread, watched by the kernel. Threads may call every method.

    A parked client belongs to nobody; whoever `claim`s or `evict`s it owns it alone.
    """

    def __init__(self) -> None:
        self._poller = Poller()
        self._parked: dict[int, Client] = {}  # by descriptor; popping is what makes an owner
        self._bell, self._rope = os.pipe()
        self._poller.toll(self._bell)

    def wait(self, timeout: float | None = None) -> int | None:
        """A descriptor that has something to read; None after `timeout` or when the bell rang."""
        fd = self._poller.wait(timeout)
        return None if fd == self._bell else fd

    def ring(self) -> None:
        """Let every `wait` return None from now on."""
        os.write(self._rope, b"!")

    def watch(self, client: Client) -> None:
        """Park the client: give it up, and have it reported once when it is readable."""
        self._parked[client.fd] = client
        if client.known:
            self._poller.rearm(client.fd)
        else:
            client.known = True
            self._poller.add(client.fd)

    def claim(self, fd: int) -> Client | None:
        """Own the parked client, if its request can be read; a head on its way is parked again."""
        client = self._parked.pop(fd, None)
        if client is None or client.head_arrived():
            return client
        self.watch(client)
        return None

    def evict(self, due: Callable[[Client], bool]) -> list[Client]:
        """Own every parked client for which `due` is true."""
        found = []
        for fd, client in self._parked.copy().items():
            if due(client):
                # By now it may be another client's descriptor: only the one that is popped counts.
                owned = self._parked.pop(fd, None)
                if owned is client:
                    found.append(owned)
                elif owned is not None:
                    self.watch(owned)
        return found

    def forget(self, client: Client) -> None:
        """Watch its descriptor no more: somebody else will have it open."""
        client.known = False
        self._poller.forget(client.fd)

    def listen(self, fd: int) -> None:
        """Report the listening socket `fd` once when somebody connects."""
        self._poller.add(fd)

    def listen_on(self, fd: int) -> None:
        """Report it once more, unless it was closed or given up meanwhile."""
        with contextlib.suppress(OSError, ValueError):
            self._poller.rearm(fd)

    def deafen(self, fd: int) -> None:
        """Report the listening socket no more."""
        self._poller.forget(fd)


class Line:
    """Clients with a request and no thread, in the order they were noticed. For all threads."""

    def __init__(self) -> None:
        self._clients: deque[tuple[float, Client]] = deque()

    def __len__(self) -> int:
        return len(self._clients)

    def join(self, client: Client, now: float) -> None:
        """To the end of the line."""
        self._clients.append((now, client))

    def next(self) -> Client | None:
        """Out of the line, whoever is first."""
        try:
            return self._clients.popleft()[1]
        except IndexError:
            return None

    def overdue(self, since: float) -> Client | None:
        """Out of the line, if the first joined before `since`. One thread calls this."""
        try:
            joined, client = self._clients.popleft()
        except IndexError:
            return None
        if joined < since:
            return client
        self._clients.appendleft((joined, client))
        return None
