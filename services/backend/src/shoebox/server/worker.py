"""A worker: an HTTP server over a socket the master bound, with a bounded pool of threads.

Threads wait for readiness in the kernel, all at once; idle connections are parked there and
cost no thread. The main thread serves nobody: it beats for the master, and steps in where
threads are missing, time runs out or the process has to leave.
"""

from __future__ import annotations

import selectors
import socket
import sys
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, Final

from shoebox.server import handover
from shoebox.server.attendants import Attendants
from shoebox.server.clients import BUSY, TOO_SLOW, Client, Connection, adopt
from shoebox.server.door import Door
from shoebox.server.farewell import Farewells
from shoebox.server.leaving import Leaving
from shoebox.server.limits import Limits, Load
from shoebox.server.listeners import BACKLOG
from shoebox.server.parking import Line, Parking
from shoebox.server.programs import OnEvent, Slot

TICK: Final = 0.25  # seconds between two looks of the main thread
BUSY_TICK: Final = 0.05  # seconds, while clients wait for a thread or the process is leaving
REFUSED: Final = "request refused"  # the event: without a thread, because none was free or the head too slow


def _unwatched(_: Load) -> None:
    """For workers whose load nobody wants to know."""


class Worker(HTTPServer):
    """Serves one slot until the master asks it to leave.

    `make_connection(sock, address, worker)` is called when a client's first request arrives;
    the connection should answer `Connection: close` while `draining` is set. `on_tick` is told
    the load a few times a second.
    """

    request_queue_size = BACKLOG

    def __init__(
        self,
        slot: Slot,
        make_connection: Callable[[socket.socket, Any, Worker], Connection],
        *,
        limits: Limits,
        on_event: OnEvent,
        on_tick: Callable[[Load], None] = _unwatched,
    ) -> None:
        listener = slot.listeners[0]
        super().__init__(listener.getsockname()[:2], BaseHTTPRequestHandler, bind_and_activate=False)
        self.socket.close()
        self.socket = listener
        self._slot = slot
        self._make_connection = make_connection
        self._limits = limits
        self._on_event = on_event
        self._on_tick = on_tick
        self._clients: set[Client] = set()  # all that are open
        self._parking = Parking()
        self._door = Door(listener, self._parking, self._on_trouble)
        self._leaving = Leaving(slot, self._parking)
        self._line = Line()
        self._attendants = Attendants(limits.threads, aside=limits.aside, call_next=self._next, attend=self._converse)
        self._farewells = Farewells()
        self._desk = selectors.DefaultSelector()

    def serve(self) -> int:
        """Work until the slot drains and the last request is answered; returns the exit code."""
        self._attendants.start()
        self._desk.register(self._slot.wake_fd, selectors.EVENT_READ)
        if self._slot.handover is not None:
            self._desk.register(self._slot.handover.take, selectors.EVENT_READ, self._slot.handover.take)
        self._door.open()
        self._slot.ready()
        while not (self._leaving.begun and not self._clients and not self._farewells.any()):
            self._tick()
            if not self._attendants.complete:
                # A pool that shrinks unseen is worse than a worker that is replaced.
                raise RuntimeError("a thread of the pool ended")
        self._parking.ring()
        self._attendants.join()
        return 0

    @property
    def draining(self) -> bool:
        """Whether each connection is to end with its current answer."""
        return self._leaving.draining

    @property
    def crowded(self) -> bool:
        """Whether every thread is busy: whoever comes now waits, or is told to come again."""
        return self._attendants.crowded

    @property
    def load(self) -> Load:
        """How busy it is just now."""
        return Load(
            threads=self._attendants.places,
            busy=self._attendants.busy,
            connections=len(self._clients),
            waiting=len(self._line),
        )

    # What the threads of the pool do.

    def _next(self) -> Client | None:
        """The next client with a request; None when the worker ends."""
        while True:
            client = self._line.next() if self._line else None
            if client is None:
                fd = self._parking.wait()
                if fd is None:
                    return None
                client = self._meet(fd)
            if client is not None:
                return client

    def _meet(self, fd: int) -> Client | None:
        """Own the client behind a readable descriptor, if it has a request."""
        return self._let_in() if self._door.leads_to(fd) else self._parking.claim(fd)

    def _let_in(self) -> Client | None:
        """Whoever is at the door; returned if the request is here."""
        client = self._door.accept()
        if client is None:
            return None
        if len(self._clients) >= self._limits.connections:
            self._refuse(client, BUSY, "too many connections")
            return None
        self._clients.add(client)
        if client.head_arrived():
            return client
        self._parking.watch(client)
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
        if not stays:
            self._clients.discard(client)
            client.close()
        elif not (self._leaving.retiring and self._hand_over(client)):
            client.since = time.monotonic()
            self._parking.watch(client)

    def _refuse(self, client: Client, answer: bytes, reason: str) -> None:
        """Answer without reading the request, then close so that the answer is not lost."""
        self._on_event(REFUSED, reason=reason, client=str(client.address[0]))
        self._part(client, answer)

    def _part(self, client: Client, answer: bytes) -> None:
        self._clients.discard(client)
        self._parking.forget(client)
        self._farewells.say(client.sock, answer)

    def _on_trouble(self, error: OSError) -> None:
        self._on_event("connection not accepted", error=str(error))

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Report what a connection raised, except that its client went away."""
        error = sys.exc_info()[1]
        if not isinstance(error, (ConnectionError, TimeoutError)):
            client = str(client_address[0])
            self._on_event("connection failed", client=client, descriptor=request.fileno(), error=repr(error))

    # What the main thread does.

    def _tick(self) -> None:
        hurry = self._leaving.begun or self._line or self._farewells.any()
        for key, _ in self._desk.select(BUSY_TICK if hurry else TICK):
            if key.data is not None:
                self._take_over(key.data)
        self._slot.beat()
        now = time.monotonic()
        if self._slot.draining and not self._leaving.begun:
            self._leave(now)
        self._door.listen_again()
        self._relieve(now)
        self._sweep(now)
        self._farewells.step(now)
        self._on_tick(self.load)

    def _take_over(self, inbox: socket.socket) -> None:
        """Welcome the connections that a leaving generation hands over."""
        while (sock := handover.take(inbox)) is not None:
            client = adopt(sock)
            if client is not None:
                self._clients.add(client)
                self._parking.watch(client)

    def _relieve(self, now: float) -> None:
        """When every thread is busy, be the one who knows how long clients wait."""
        if self.crowded:
            while (fd := self._parking.wait(0)) is not None:
                client = self._meet(fd)
                if client is not None:
                    self._line.join(client, now)
            while (client := self._line.overdue(now - self._limits.wait)) is not None:
                self._refuse(client, BUSY, "no thread was free")
            return
        # Idle threads look into the kernel only: put the clients back where they look.
        while (client := self._line.next()) is not None:
            self._parking.watch(client)

    def _sweep(self, now: float) -> None:
        """Part with parked clients whose time is over; with all, when the next generation has it."""
        for client in self._parking.evict(lambda client: self._leaving.retiring or now > self._deadline(client)):
            if self._leaving.retiring and self._hand_over(client):
                continue
            if client.peeked:
                self._refuse(client, TOO_SLOW, "the head came too slowly")
            else:
                self._part(client, b"")

    def _deadline(self, client: Client) -> float:
        if client.peeked:
            return client.since + self._limits.head
        if self._leaving.draining:
            return max(client.since, self._leaving.since) + self._limits.grace
        return client.since + self._limits.idle

    def _leave(self, now: float) -> None:
        self._door.shut()
        self._leaving.begin(now)
        if self._leaving.retiring and self._slot.handover is not None:
            self._desk.unregister(self._slot.handover.take)
            return  # the queue of the listener is the heirs' now
        for client in self._door.let_in_last():
            self._clients.add(client)
            self._parking.watch(client)

    def _hand_over(self, client: Client) -> bool:
        given = self._leaving.hand_over(client)
        if given:
            self._clients.discard(client)
        return given
