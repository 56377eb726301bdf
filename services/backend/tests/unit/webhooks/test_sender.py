"""One delivery over a socket of our own."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from services.backend.tests.pictures import NOON, new_image
from shoebox.domain.image import Image
from shoebox.domain.webhook import Note, UndeliveredError
from shoebox.webhooks.sender import HttpSender, signing_key

IMAGE = new_image()
NOTE = Note(
    number=7,
    event="image.created",
    image=Image(
        id=1,
        key=IMAGE.key,
        original_name=IMAGE.original_name,
        facts=IMAGE.facts,
        uploaded_at=IMAGE.uploaded_at,
        collection=None,
    ),
    happened=NOON,
    attempts=0,
)


class Receiver(HTTPServer):
    """Keeps what it is sent; answers `status`."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Keeping)
        self.status = 204
        self.kept: list[tuple[str, dict[str, str], bytes]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/hook?a=b"


class Keeping(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.kept.append((self.path, dict(self.headers), body))
        self.send_response(self.server.status)
        self.send_header("Location", "/elsewhere")
        self.end_headers()

    def log_message(self, *args: object) -> None:
        """Silence."""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def sender(secret: str = "secret", timeout: float = 60.0) -> HttpSender:
    return HttpSender(secret=secret, present=lambda image: {"filename": image.key}, agent="Test", timeout=timeout)


def test_a_receiver_can_verify_what_it_gets(receiver: Receiver) -> None:
    sender().send(receiver.url, NOTE, NOON)
    ((path, headers, body),) = receiver.kept
    signed = f"{headers['Webhook-Id']}.{headers['Webhook-Timestamp']}.".encode() + body
    expected = base64.b64encode(hmac.new(b"secret", signed, hashlib.sha256).digest()).decode()
    assert (path, headers["Webhook-Signature"]) == ("/hook?a=b", f"v1,{expected}")
    assert headers["Webhook-Timestamp"] == str(int(NOON.timestamp()))
    assert json.loads(body) == {
        "type": "image.created",
        "timestamp": "2026-11-20T12:00:00.123456Z",
        "data": {"filename": IMAGE.key},
    }


@pytest.mark.parametrize("status", [301, 307, 400, 410, 500])
def test_everything_but_success_is_a_failure_and_no_redirect_is_followed(receiver: Receiver, status: int) -> None:
    receiver.status = status
    with pytest.raises(UndeliveredError, match=str(status)):
        sender().send(receiver.url, NOTE, NOON)
    assert len(receiver.kept) == 1


def test_a_receiver_that_is_not_there_or_says_nothing_is_a_failure() -> None:
    silent = HTTPServer(("127.0.0.1", 0), Keeping)
    url = f"http://127.0.0.1:{silent.server_port}/"
    with pytest.raises(UndeliveredError):
        sender(timeout=0.2).send(url, NOTE, NOON)
    silent.server_close()
    with pytest.raises(UndeliveredError):
        sender().send(url, NOTE, NOON)


def test_a_secret_may_be_any_text_or_a_key_in_base64() -> None:
    assert signing_key("any text") == b"any text"
    assert signing_key("whsec_" + base64.b64encode(b"key").decode()) == b"key"
    assert signing_key("whsec_!") == b"whsec_!"
