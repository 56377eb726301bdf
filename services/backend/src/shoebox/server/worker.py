"""A worker: an HTTP server over sockets the master bound, with a bounded pool of threads.

Threads wait for readiness in the kernel (`poller`), all at once; idle connections are parked
there and cost no thread. The main thread serves nobody: it beats for the master, and steps in
where threads are missing, time runs out or the process has to leave.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import socket
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, Final

from shoebox.server import handover
from shoebox.server.clients import BUSY, TOO_SLOW, Client, Connection, adopt
from shoebox.server.farewell import Farewells
from shoebox.server.poller import Poller
from shoebox.server.programs import OnEvent, Slot

TICK: Final = 0.25  # seconds between two looks of the main thread
BUSY_TICK: Final = 0.05  # seconds, while clients wait for a thread or the process is leaving


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one worker bears. Times in seconds."""

    threads: int = 16
    connections: int = 1000  # open at once; each costs a descriptor and a few kB
    wait: float = 0.5  # for a free thread; then 503
    head: float = 10.0  # for a whole head, once its first byte came
    idle: float = 75.0  # between requests; longer than Nginx keeps its side (60)
    grace: float = 1.0  # for idle connections to bring one more request while we stop


class Worker(HTTPServer):
    """Serves one slot until the master asks it to leave.

    `make_connection(sock, address, worker)` is called when a client's first request arrives;
    the connection should answer `Connection: close` while `draining` is set.
    """

    request_queue_size = 1024

    def __init__(
        self,
        slot: Slot,
        make_connection: Callable[[socket.socket, Any, Worker], Connection],
        *,
        limits: Limits,
        on_event: OnEvent,
    ) -> None:
        listener = slot.listeners[0]
        super().__init__(listener.getsockname()[:2], BaseHTTPRequestHandler, bind_and_activate=False)
        self.socket.close()
        self.socket = listener
        self.draining = False
        self._slot = slot
        self._make_connection = make_connection
        self._limits = limits
        self._on_event = on_event
        self._poller = Poller()
        self._clients: set[Client] = set()  # all that are open
        self._parked: dict[int, Client] = {}  # by descriptor; whoever pops one owns it
        self._waiting: deque[tuple[float, Client]] = deque()  # readable, since when, no thread free
        self._busy = [False] * limits.threads
        self._deaf = False  # the listener is to be watched again at the next tick
        self._retiring = False
        self._drain_began = 0.0
        self._farewells = Farewells()
        self._desk = selectors.DefaultSelector()
        self._bell, self._rope = os.pipe()

    def serve(self) -> int:
        """Work until the slot drains and the last request is answered; returns the exit code."""
        threads = self._start_threads()
        self._desk.register(self._slot.wake_fd, selectors.EVENT_READ)
        if self._slot.handover is not None:
            self._desk.register(self._slot.handover.take, selectors.EVENT_READ, self._slot.handover.take)
        self._poller.toll(self._bell)
        self._poller.add(self.socket.fileno())
        self._slot.ready()
        while not (self._leaving and not self._clients and not self._farewells.any()):
            self._tick()
        os.write(self._rope, b"!")
        for thread in threads:
            thread.join(timeout=1)
        return 0

    @property
    def _leaving(self) -> bool:
        return self.draining or self._retiring

    def _start_threads(self) -> list[threading.Thread]:
        threads = [
            threading.Thread(target=self._attend, args=(number,), name=f"pool-{number}", daemon=True)
            for number in range(self._limits.threads)
        ]
        for thread in threads:
            thread.start()
        return threads

    # The pool's threads.

    def _attend(self, number: int) -> None:
        busy = self._busy
        while (client := self._next()) is not None:
            busy[number] = True
            self._converse(client)
            busy[number] = False

    def _next(self) -> Client | None:
        """The next client with a request; None when the worker ends."""
        while True:
            if self._waiting:
                try:
                    return self._waiting.popleft()[1]
                except IndexError:
                    continue
            fd = self._poller.wait()
            if fd == self._bell:
                return None
            client = self._accept() if fd == self.socket.fileno() else self._claim(fd)
            if client is not None:
                return client

    def _claim(self, fd: int | None) -> Client | None:
        """Own the parked client, if its request can be read; a head on its way is parked again."""
        client = self._parked.pop(fd, None) if fd is not None else None
        if client is None or client.head_arrived():
            return client
        self._watch(client)
        return None

    def _accept(self) -> Client | None:
        """Take one connection from the kernel's queue; it is returned if its request is here."""
        try:
            sock, address = self.socket.accept()
        except (BlockingIOError, ConnectionAbortedError):
            self._listen_on()
            return None
        except OSError as error:
            if not self._leaving:
                self._deaf = True  # no descriptors left, most likely: trying again at once would spin
                self._on_event("connection not accepted", error=str(error))
            return None
        self._listen_on()
        return self._welcome(Client(sock, address))

    def _listen_on(self) -> None:
        with contextlib.suppress(OSError):  # forgotten or closed already when we leave
            self._poller.rearm(self.socket.fileno())

    def _welcome(self, client: Client) -> Client | None:
        if len(self._clients) >= self._limits.connections:
            self._refuse(client, BUSY, "too many connections")
            return None
        self._clients.add(client)
        if client.head_arrived():
            return client
        self._watch(client)
        return None

    def _converse(self, client: Client) -> None:
        """Answer what the client asks now, then park or close it."""
        try:
            connection = client.connection
            if connection is None:
                connection = client.connection = self._make_connection(client.sock, client.address, self)
            stays = connection.handle_request()
            while stays and connection.has_buffered():
                stays = connection.handle_request()
        except Exception:  # the pool's thread must live, whatever a request did
            self.handle_error(client.sock, client.address)
            stays = False
        if stays:
            self._park(client)
        else:
            self._close(client)

    def _park(self, client: Client) -> None:
        if self._retiring and self._hand_over(client):
            return
        client.since = time.monotonic()
        self._watch(client)

    def _watch(self, client: Client) -> None:
        self._parked[client.fd] = client
        if client.known:
            self._poller.rearm(client.fd)
        else:
            client.known = True
            self._poller.add(client.fd)

    def _close(self, client: Client) -> None:
        self._clients.discard(client)
        client.close()

    def _refuse(self, client: Client, answer: bytes, reason: str) -> None:
        """Answer without reading the request, then close so that the answer is not lost."""
        self._clients.discard(client)
        self._poller.forget(client.fd)
        self._farewells.say(client.sock, answer)
        self._on_event("request refused", reason=reason, client=str(client.address[0]))

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Report what a connection raised, except that its client went away."""
        error = sys.exc_info()[1]
        if not isinstance(error, (ConnectionError, TimeoutError)):
            client = str(client_address[0])
            self._on_event("connection failed", client=client, descriptor=request.fileno(), error=repr(error))

    # The main thread.

    def _tick(self) -> None:
        hurry = self._leaving or self._waiting or self._farewells.any()
        for key, _ in self._desk.select(BUSY_TICK if hurry else TICK):
            if key.data is not None:
                self._take_over(key.data)
        self._slot.beat()
        now = time.monotonic()
        if self._slot.draining and not self._leaving:
            self._leave(now)
        if self._deaf:
            self._deaf = False
            self._listen_on()
        self._relieve(now)
        self._sweep(now)
        self._farewells.step(now)

    def _take_over(self, inbox: socket.socket) -> None:
        """Welcome the connections that a leaving generation hands over."""
        while (sock := handover.take(inbox)) is not None:
            client = adopt(sock)
            if client is not None:
                self._clients.add(client)
                self._watch(client)

    def _relieve(self, now: float) -> None:
        """When every thread is busy, be the one who knows how long clients wait."""
        if all(self._busy):
            while (fd := self._poller.wait(0)) is not None:
                client = self._accept() if fd == self.socket.fileno() else self._claim(fd)
                if client is not None:
                    self._waiting.append((now, client))
        elif self._waiting:
            # Idle threads look into the kernel only: put the clients back where they look.
            for _ in range(len(self._waiting)):
                self._return_one()
        while self._waiting and now - self._waiting[0][0] > self._limits.wait:
            client = self._pop_waiting()
            if client is not None:
                self._refuse(client, BUSY, "no thread was free")

    def _return_one(self) -> None:
        client = self._pop_waiting()
        if client is not None:
            self._watch(client)

    def _pop_waiting(self) -> Client | None:
        try:
            return self._waiting.popleft()[1]
        except IndexError:
            return None

    def _sweep(self, now: float) -> None:
        """Part with parked clients whose time is over."""
        for fd, client in self._parked.copy().items():
            if self._retiring or now > self._deadline(client):
                # By now it may be another client's descriptor: only the one that is popped counts.
                owned = self._parked.pop(fd, None)
                if owned is client:
                    self._part(client)
                elif owned is not None:
                    self._watch(owned)

    def _deadline(self, client: Client) -> float:
        if client.peeked:
            return client.since + self._limits.head
        if self.draining:
            return max(client.since, self._drain_began) + self._limits.grace
        return client.since + self._limits.idle

    def _part(self, client: Client) -> None:
        if self._retiring and self._hand_over(client):
            return
        if client.peeked:
            self._refuse(client, TOO_SLOW, "the head came too slowly")
            return
        self._clients.discard(client)
        self._poller.forget(client.fd)
        self._farewells.say(client.sock, b"")

    # Leaving.

    def _leave(self, now: float) -> None:
        self._poller.forget(self.socket.fileno())
        if self._slot.replaced and self._slot.handover is not None:
            self._desk.unregister(self._slot.handover.take)
            self._retiring = True  # the queue of the listener is the heirs' now
            return
        self.draining = True
        self._drain_began = now
        while (client := self._accept_quietly()) is not None:
            self._clients.add(client)
            self._watch(client)
        self.socket.close()

    def _accept_quietly(self) -> Client | None:
        try:
            sock, address = self.socket.accept()
        except OSError:
            return None
        return Client(sock, address)

    def _hand_over(self, client: Client) -> bool:
        """Give the idle connection to the next generation; False closes it the slow way."""
        # The other process keeps it open, so closing our copy would not end the watch.
        self._poller.forget(client.fd)
        client.known = False
        if self._slot.handover is None or not handover.give(self._slot.handover.give, client.fd):
            self._retiring = False
            self.draining = True
            self._drain_began = time.monotonic()
            return False
        self._clients.discard(client)
        os.close(client.detach())
        return True
