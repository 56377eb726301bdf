"""One attempt to deliver a webhook: a signed POST in the form of Standard Webhooks
(https://www.standardwebhooks.com), so that receivers can verify it with libraries there are."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import http.client
import json
import ssl
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final
from urllib.parse import SplitResult, urlsplit

from shoebox.domain.image import Image
from shoebox.domain.webhook import Note, UndeliveredError

TIMEOUT: Final = 10.0  # seconds for connecting, and for each read
ENCODED: Final = "whsec_"  # what begins so is a key in base64

# A picture as the API shows it.
Present = Callable[[Image], dict[str, object]]


class HttpSender:
    """`ports.Sender`. Safe for threads. Follows no redirect: it would carry the event, signed,
    to somebody the operator has not named."""

    def __init__(self, *, secret: str, present: Present, agent: str, timeout: float = TIMEOUT) -> None:
        self._key = signing_key(secret)
        self._present = present
        self._agent = agent
        self._timeout = timeout
        self._tls = ssl.create_default_context()

    def send(self, url: str, note: Note, now: datetime) -> None:
        """POST it once. Raises `UndeliveredError` for everything but a 2xx."""
        body = self._body(note)
        moment = str(int(now.timestamp()))
        headers = {
            "Content-Type": "application/json",
            "User-Agent": self._agent,
            "Webhook-Id": note.id,
            "Webhook-Timestamp": moment,
            "Webhook-Signature": signature(self._key, note.id, moment, body),
            "Connection": "close",
        }
        try:
            status = self._post(urlsplit(url), body, headers)
        except (OSError, http.client.HTTPException) as error:
            raise UndeliveredError(f"{type(error).__name__}: {error}") from error
        if not 200 <= status < 300:
            raise UndeliveredError(f"the receiver answered {status}")

    def _post(self, address: SplitResult, body: bytes, headers: dict[str, str]) -> int:
        host = address.hostname or ""
        connection = (
            http.client.HTTPSConnection(host, address.port, timeout=self._timeout, context=self._tls)
            if address.scheme == "https"
            else http.client.HTTPConnection(host, address.port, timeout=self._timeout)
        )
        if address.username:
            word = base64.b64encode(f"{address.username}:{address.password or ''}".encode()).decode()
            headers["Authorization"] = f"Basic {word}"
        target = (address.path or "/") + (f"?{address.query}" if address.query else "")
        try:
            connection.request("POST", target, body=body, headers=headers)
            return connection.getresponse().status
        finally:
            connection.close()

    def _body(self, note: Note) -> bytes:
        told = {"type": note.event, "timestamp": _time(note.happened), "data": self._present(note.image)}
        return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "backslashreplace")


def signing_key(secret: str) -> bytes:
    """The key that a secret means: `whsec_` and base64, or any other text as it is."""
    if secret.startswith(ENCODED):
        try:
            return base64.b64decode(secret.removeprefix(ENCODED), validate=True)
        except binascii.Error:
            return secret.encode()
    return secret.encode()


def signature(key: bytes, note_id: str, moment: str, body: bytes) -> str:
    """HMAC-SHA256 over id, time and body, so that none of them can be exchanged."""
    signed = b".".join((note_id.encode(), moment.encode(), body))
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
