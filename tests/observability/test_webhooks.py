"""Webhooks from a running system to a receiver that fails at first."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.client import Client
from tests.observability.numbers import samples
from tests.pictures import picture
from tests.stack.embedded import Embedded
from tests.stack.process import wait_until
from tests.stack.stack import Stack

SECRET = "a word between us"
PATIENCE = 100.0  # seconds; a lease of a deliverer that was killed lasts thirty


class Receiver(ThreadingHTTPServer):
    """Refuses the first `failures` deliveries; keeps the others."""

    daemon_threads = True

    def __init__(self, failures: int) -> None:
        super().__init__(("127.0.0.1", 0), Taking)
        self.failures = failures
        self.taken: list[dict[str, Any]] = []
        self.forged = 0
        self.lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/hook"

    def events(self, key: str) -> list[str]:
        return [event["type"] for event in self.taken if event["data"]["filename"] == key]


class Taking(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with self.server.lock:
            refused = self.server.failures > 0
            self.server.failures -= 1
            if not refused:
                self.server.taken.append(json.loads(body))
            self.server.forged += not self._is_signed(body)
        self.send_response(503 if refused else 204)
        self.end_headers()

    def _is_signed(self, body: bytes) -> bool:
        signed = f"{self.headers['Webhook-Id']}.{self.headers['Webhook-Timestamp']}.".encode() + body
        digest = hmac.new(SECRET.encode(), signed, hashlib.sha256).digest()
        return self.headers["Webhook-Signature"] == f"v1,{base64.b64encode(digest).decode()}"

    def log_message(self, *args: object) -> None:
        """Silence."""


@contextmanager
def receiving(failures: int = 0) -> Iterator[Receiver]:
    with Receiver(failures) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize("topology", ["embedded", "stack"])
def test_every_event_arrives_signed_and_in_order_although_the_receiver_fails_at_first(
    state: Path, topology: str
) -> None:
    with receiving(failures=3) as receiver:
        settings = {"WEBHOOK_URLS": receiver.url, "WEBHOOK_SECRET": SECRET}
        system = (
            Embedded(state=state, settings=settings)
            if topology == "embedded"
            else Stack(state=state, workers=2, settings=settings, fsync=False)
        )
        with system as running:
            client = Client(running.url)
            keys = [client.upload(f"{n}.png", picture()).json["filename"] for n in range(4)]
            assert client.delete(keys[0]).status == 200
            wait_until(lambda: len(receiver.taken) >= 5, patience=PATIENCE, what="five events arrive")
            assert receiver.events(keys[0]) == ["image.created", "image.deleted"]
            assert [receiver.events(key) for key in keys[1:]] == [["image.created"]] * 3
            assert receiver.forged == 0
            worker = Client(f"http://127.0.0.1:{running.start_port}") if isinstance(running, Stack) else client

            def told() -> tuple[float, ...]:
                found = samples(worker)
                outcomes = [
                    found.get(("shoebox_webhook_deliveries_total", name), 0.0) for name in ("delivered", "failed")
                ]
                return (found["shoebox_webhooks_pending",], *outcomes)

            # A delivery is counted after it has left the queue.
            wait_until(lambda: told() == (0, 5, 3), patience=PATIENCE, what="all are delivered, three of them late")


def test_what_happened_while_everything_was_killed_or_reloaded_is_told(state: Path) -> None:
    with receiving(failures=10_000) as receiver:
        settings = {"WEBHOOK_URLS": receiver.url, "WEBHOOK_SECRET": SECRET}
        with Embedded(state=state, settings=settings) as running:
            client = Client(running.url)
            keys = [client.upload(f"{n}.png", picture()).json["filename"] for n in range(3)]
            running.workers.kill()
            receiver.failures = 0
            running.workers.start()
            wait_until(lambda: is_up(client), patience=PATIENCE, what="it is up again")
            running.workers.reload()
            wait_until(lambda: all(receiver.events(key) for key in keys), patience=PATIENCE, what="all events arrive")


@pytest.mark.timeout(90)  # ten uploads that waited for it would take a hundred seconds
def test_a_receiver_that_does_not_answer_delays_no_upload_and_no_stop(state: Path) -> None:
    with receiving() as receiver:
        receiver.lock.acquire()
        try:
            settings = {"WEBHOOK_URLS": receiver.url, "WEBHOOK_SECRET": SECRET}
            with Embedded(state=state, settings=settings) as running:
                client = Client(running.url)
                assert [client.upload("a.png", picture()).status for _ in range(10)] == [201] * 10
                os.kill(running.master_pid, signal.SIGTERM)
                wait_until(lambda: not running.workers.process.alive, patience=60, what="it stops")
        finally:
            receiver.lock.release()


def test_a_start_without_a_secret_says_what_is_missing(state: Path) -> None:
    with receiving() as receiver, pytest.raises(Exception, match="WEBHOOK_SECRET"):
        Embedded(state=state, settings={"WEBHOOK_URLS": receiver.url}).start()


def is_up(client: Client) -> bool:
    try:
        return client.get("/health").status == 200
    except (OSError, HTTPException):
        return False
