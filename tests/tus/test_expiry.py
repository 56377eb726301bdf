"""Uploads that nobody goes on with."""

from __future__ import annotations

import os
import time

from tests.client import Client
from tests.robustness.command import shoebox
from tests.stack.embedded import Embedded

TUS = {"Tus-Resumable": "1.0.0"}
DAYS = 2 * 24 * 3600  # seconds; an upload waits for one day


def test_a_sweep_by_hand_removes_uploads_that_expired_and_no_others(embedded: Embedded) -> None:
    client = Client(embedded.url)
    places = [client.post("/api/tus/", headers=TUS | {"Upload-Length": "100"}).headers["Location"] for _ in range(2)]
    name = places[0].rpartition("/")[2]
    past = time.time() - DAYS
    files = [path for path in embedded.layout.images.rglob(f"{name}*") if path.is_file()]
    assert files
    for path in files:
        os.utime(path, (past, past))
    assert "expired uploads 1" in shoebox(embedded, "sweep").stdout.splitlines()
    assert client.head(places[0], TUS).status == 404
    assert client.head(places[1], TUS).status == 200
    assert "expired" not in shoebox(embedded, "sweep").stdout
