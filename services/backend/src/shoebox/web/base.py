"""One request, one answer: the cycle every endpoint runs in.

`http.server` gives the class and its place in a server; its reading of requests is replaced,
because it takes an unread body for the next request and parses heads with `email`.
"""

from __future__ import annotations

import logging
import socket
import time
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler
from socketserver import BaseServer
from typing import Final, Protocol, cast

from shoebox.domain.errors import ShoeboxError
from shoebox.web.access_log import Entry
from shoebox.web.framing import Head, open_body, parse_head
from shoebox.web.proxies import Proxies
from shoebox.web.request import Peer, Request, build_request, enter_request, request_id_of
from shoebox.web.response import Response
from shoebox.web.sending import LAST_RESORT, head_of, send
from shoebox.web.settings import WebSettings
from shoebox.web.target import parse_target
from shoebox.web.wire import Disconnected, Wire

log = logging.getLogger(__name__)

GONE: Final = 499  # in the log only, as Nginx has it: the client left before its answer
NO_HEAD: Final = Head(method="-", target="-", minor=0, fields={})


class Server(Protocol):
    """What a connection needs to know of the worker it is served by."""

    @property
    def draining(self) -> bool:
        """Whether connections should end with their current answer."""

    @property
    def crowded(self) -> bool:
        """Whether there is no thread left for another client."""


class Exchange:
    """What is known of the current request so far."""

    __slots__ = ("head", "request", "request_id", "started")

    def __init__(self) -> None:
        self.head = NO_HEAD
        self.request: Request | None = None
        self.request_id = ""
        self.started = time.perf_counter()


class RequestCycle(BaseHTTPRequestHandler):
    """Serves one connection. Constructing sets up only; whoever accepted the socket calls
    `handle_request` when there is something to read, and `close` at the end."""

    protocol_version = "HTTP/1.1"
    settings: WebSettings
    proxies: Proxies

    def __init__(self, sock: socket.socket, address: object, server: Server) -> None:
        # The base class only keeps the server and hands it back: it need not be its own kind.
        super().__init__(sock, address, cast(BaseServer, server))

    def setup(self) -> None:
        """Prepare the connection; called by the constructor."""
        self.connection = self.request
        server = cast(Server, self.server)
        self._wire = Wire(self.connection, crowded=lambda: server.crowded)
        self._peer = Peer(address=_address(self.client_address), local=_local(self.connection))
        self.close_connection = False
        self.route = ""
        if self.connection.family in {socket.AF_INET, socket.AF_INET6}:
            # A file follows its head in a second packet, which must not wait for an ACK.
            self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def handle(self) -> None:
        """Nothing: requests are served one at a time by `handle_request`."""

    def finish(self) -> None:
        """Nothing: the connection outlives the constructor."""

    def handle_request(self) -> bool:
        """Serve exactly one request; True when the connection may be kept for another."""
        try:
            self.handle_one_request()
        except Disconnected:
            self.close_connection = True
        except Exception:
            log.exception("answer failed")
            self.close_connection = True
        finally:
            enter_request("")
        return not self.close_connection

    def has_buffered(self) -> bool:
        """Whether bytes of a next request were read already: no poll will announce them."""
        return self._wire.has_buffered()

    def close(self) -> None:
        """End the connection."""
        self._wire.close()

    def respond(self, request: Request) -> Response:
        """The answer to a request. Errors of the domain are turned into answers by `refuse`."""
        raise NotImplementedError

    def refuse(self, error: Exception, head: Head) -> Response:
        """The answer to an error; `head` is empty when it could not be read."""
        raise NotImplementedError

    def decorate(self, fields: Mapping[str, str]) -> bytes:
        """Header lines for every answer to a request with these fields; must not raise."""
        raise NotImplementedError

    def handle_one_request(self) -> None:
        """Read, answer, log."""
        self.close_connection = True
        self.route = ""  # whoever routes the request says
        exchange = Exchange()
        try:
            data = self._wire.read_head()
            if not data:
                self.close_connection = data is None
                return
            exchange.started = time.perf_counter()
            exchange.head = parse_head(data)
            request = exchange.request = self._read_request(exchange)
        except Disconnected:
            raise
        except Exception as error:
            # What follows cannot be told apart from the next request any more.
            self._finish(exchange, self._refusal(error, exchange.head))
            return
        self._finish(exchange, self._answer(exchange.head, request))

    def _read_request(self, exchange: Exchange) -> Request:
        head = exchange.head
        exchange.request_id = request_id_of(head.fields)
        enter_request(exchange.request_id)
        return build_request(
            head,
            parse_target(head.target),
            open_body(head, self._wire),
            request_id=exchange.request_id,
            peer=self._peer,
            proxies=self.proxies,
            public_url=self.settings.public_url,
        )

    def _answer(self, head: Head, request: Request) -> Response:
        try:
            return self.respond(request)
        except Disconnected:
            raise
        except Exception as error:
            return self._refusal(error, head)

    def _refusal(self, error: Exception, head: Head) -> Response:
        try:
            return self.refuse(error, head)
        except Exception:
            log.exception("an error could not be presented")
            return LAST_RESORT

    def _finish(self, exchange: Exchange, response: Response) -> None:
        request = exchange.request
        keep = request is not None and self._may_keep(exchange.head, request)
        extra = self.decorate(request.fields) if request else b""
        request_id = exchange.request_id or request_id_of({})
        status, sent = GONE, 0
        try:
            prepared = head_of(response, request_id=request_id, keep=keep, minor=exchange.head.minor, extra=extra)
            sent = send(self._wire, prepared, response, head_only=exchange.head.method == "HEAD")
            status = int(response.status)
        finally:
            if response.file:
                response.file.file.close()
            client = request.client if request else self._peer.address
            seconds = time.perf_counter() - exchange.started
            head = exchange.head
            self.settings.access_log(
                Entry(request_id, client, head.method, head.target, status, sent, seconds, self.route)
            )
        self._end_exchange(request, keep=keep)

    @property
    def draining(self) -> bool:
        """Whether this process is about to end."""
        return cast(Server, self.server).draining

    def _may_keep(self, head: Head, request: Request) -> bool:
        if self.draining or not request.body.drainable:
            return False
        options = head.fields.get("connection", "").lower()
        return "close" not in options if head.minor else "keep-alive" in options

    def _end_exchange(self, request: Request | None, *, keep: bool) -> None:
        if keep and request is not None:
            try:
                request.body.drain()
            except ShoeboxError as error:
                raise Disconnected from error
            self.close_connection = False
        elif request is None or not request.body.drainable:
            self._wire.linger()


def _address(address: object) -> str:
    match address:
        case (str(host), *_):
            return host.removeprefix("::ffff:").partition("%")[0]
        case _:
            return "local"


def _local(sock: socket.socket) -> str:
    match sock.getsockname():
        case (str(host), int(port), *_):
            return f"[{host.partition('%')[0]}]:{port}" if ":" in host else f"{host}:{port}"
        case _:
            return "localhost"
