"""No words of a client become a line of a log, a field of one, a header or a path."""

from __future__ import annotations

import json
import re
import unicodedata
from pathlib import Path
from typing import Final

import pytest

from tests.client import Client, File, form
from tests.pictures import picture
from tests.stack.embedded import Embedded
from tests.stack.logs import lines, mentions
from tests.stack.process import wait_until
from tests.stack.stack import Stack

PATIENCE: Final = 60.0  # seconds; Nginx writes its lines within one
FORGED: Final = "2026-01-01T00:00:00.000000Z INFO shoebox.app.upload - image stored forged=1"
LINE: Final = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z (?:DEBUG|INFO|WARNING|ERROR|CRITICAL)"
    r" [a-zA-Z_.]+ (?:-|[A-Za-z0-9_-]{8,64}) \S.*"
)
QUOTED: Final = re.compile(r'"(?:[^"\\]|\\.)*"')
TURNING: Final = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
KEYS: Final = {
    *("time", "request_id", "client", "request", "status", "bytes", "seconds"),
    *("worker", "worker_seconds", "referer", "agent"),
}
_FOLDED: Final = FORGED.replace(" ", "%20")

# Heads with forgeries in every place a log could take words from; the first line lacks its version.
HEADS: Final = [
    b"GET /%0A" + _FOLDED.encode(),
    b"GET /images/?q=%0D%0A" + _FOLDED.encode(),
    b'GET /images/"%22\\x22,"forged":1,"',
    b"GET /\xd0\xb6\x80\xff\x1b[2J",
    b"GET /\x1b]0;forged=1\x07",
    b"GET /forged=1 status=200",
    b"FORGED=1 /",
    b'GET /api/images/a" forged="1',
]
FIELDS: Final = [
    b'X-Request-ID: x" forged="1',
    b"X-Request-ID: 12345678 forged=1",
    b"X-Request-ID: " + b"a" * 65,
    b"X-Request-ID: \xd0\xb6\xd0\xb6\xd0\xb6\xd0\xb6",
    b'User-Agent: a","forged":1,"b":"\x80\xff\xe2\x80\xae',
    b'Referer: http://x/"\\","forged":1',
    b"X-Forwarded-For: 127.0.0.1 forged=1",
    b"Forwarded: for=forged=1",
    b"Host: a forged=1",
    b"Host: a\rforged=1: b",
]
NAMES: Final = [
    FORGED,
    f"a\n{FORGED}.png",
    f"a\r\n{FORGED}.png",
    "a\x85b\u2028c\u2029d.png",
    "\u202egnp.\u2066forged\u2069",
    '"; forged=1; x=".png',
    "a\x1b[2Jb.png",
    "..\\..\\windows\\system32\\a.png",
    "/etc/passwd",
    "file:///etc/passwd",
    "NUL.png",
    "aux",
    ".htaccess",
    "a/../../b.png",
    "\ufeffa\u200bb.png",
    "e\u0301" * 200 + ".png",
    "𝒶" * 10_000,
]


def raw(client: Client, line: bytes, field: bytes = b"X-A: b") -> bytes:
    return client.raw(line + b" HTTP/1.1\r\nHost: a\r\n" + field + b"\r\nConnection: close\r\n\r\n", timeout=PATIENCE)


def wait_for_line(log: Path, request_id: str) -> None:
    wait_until(lambda: mentions(log, request_id), patience=PATIENCE, what=f"{request_id} in {log}")


def assaulted(client: Client) -> str:
    """Send all of it; returns the id of the request that came last."""
    for head in HEADS:
        assert re.match(rb"HTTP/1\.1 [2-5]\d\d ", raw(client, head))
    for field in FIELDS:
        answer = raw(client, b"GET /health", field)
        assert re.match(rb"HTTP/1\.1 [2-5]\d\d ", answer)
        assert b"forged" not in answer.partition(b"\r\n\r\n")[0]
    for name in NAMES:
        encoded = "".join(f"%{byte:02X}" for byte in name[:2000].encode())
        disposition = f'form-data; name="file"; filename="a"; filename*=UTF-8\'\'{encoded}'
        body, content_type = form([File(name="MARK", data=picture())])
        body = body.replace(b'form-data; name="file"; filename="MARK"', disposition.encode())
        answer = client.post("/api/upload/", body, {"Content-Type": content_type})
        assert answer.status == 201, name
        client.put(name[:500], picture())
        client.upload("a.png", picture(), fields={"collection": name[:100]})
    return client.get("/health").request_id


def test_no_client_forges_a_line_of_the_application(topology: Embedded | Stack) -> None:
    wait_for_line(topology.app_log, assaulted(Client(topology.url)))
    for line in lines(topology.app_log):
        assert LINE.fullmatch(line), line
        assert line.isprintable(), line
        assert "forged=" not in QUOTED.sub("", line), line


def test_no_client_forges_a_line_of_the_front_door(stack: Stack) -> None:
    wait_for_line(stack.nginx.access_log, assaulted(Client(stack.url)))
    for line in lines(stack.nginx.access_log):
        written = json.loads(line)
        assert set(written) == KEYS, line
        assert re.fullmatch("[A-Za-z0-9_-]{8,64}", written["request_id"]), line


@pytest.mark.parametrize("name", NAMES, ids=range(len(NAMES)))
def test_a_hostile_name_is_text_and_nothing_else(topology: Embedded | Stack, name: str) -> None:
    client = Client(topology.url)
    image = client.upload(name, picture()).json
    assert re.fullmatch(r"[A-Za-z0-9]+\.png", image["filename"])
    kept = image["original_name"]
    assert 0 < len(kept) <= 255
    assert not {unicodedata.category(character) for character in kept} & {"Cc", "Cs", "Zl", "Zp"}
    assert not {"/", "\\", *TURNING} & set(kept)
    download = client.get(f"{image['url']}?download=1")
    assert download.status == 200
    assert download.headers["Content-Disposition"].isascii()
    assert len(download.headers.get_all("Content-Disposition")) == 1
    page = client.get("/images/?view=plain")
    assert page.status == 200
    assert "\x1b" not in page.text
    assert client.delete(image["filename"]).status == 200
