"""Whatever dies, a picture that was answered with a 201 is there."""

from __future__ import annotations

import contextlib
import random
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPException
from pathlib import Path
from typing import Final

import pytest

from tests.client import Client
from tests.pictures import noise
from tests.robustness.command import shoebox
from tests.robustness.processes import decoders
from tests.robustness.store import assert_sound, listed
from tests.stack.health import healthy
from tests.stack.process import end_session, send, wait_until
from tests.stack.stack import Stack

SEED: Final = 3
KILLS: Final = 20  # four of each part
CLIENTS: Final = 8
BETWEEN_KILLS: Final = 25  # pictures at least
PATIENCE: Final = 120.0  # seconds; recovery of the database is part of it


class Killer:
    """Kills the parts of a stack in turn, and starts again what nothing else would."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._random = random.Random(SEED)
        self.kills = 0

    def kill_next(self) -> None:
        victims = (self._worker, self._decoder, self._master, self._pgbouncer, self._postgres)
        victims[self.kills % len(victims)]()
        self.kills += 1

    def _worker(self) -> None:
        self._stack.kill_worker(self._random.randrange(self._stack.worker_count))

    def _decoder(self) -> None:
        send(self._random.choice(decoders(self._stack) or [self._stack.master_pid]), signal.SIGKILL)

    def _master(self) -> None:
        workers = self._stack.workers
        workers.process.signal(signal.SIGKILL)
        wait_until(lambda: not workers.process.alive, patience=PATIENCE, what="the master is gone")
        end_session(workers.process.pid)
        workers.start()

    def _pgbouncer(self) -> None:
        self._stack.pgbouncer.kill()
        self._stack.pgbouncer.start()

    def _postgres(self) -> None:
        self._stack.postgres.kill()
        self._stack.postgres.start()


class Uploads:
    """Clients that do not give up until `ended`, and what they were promised."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._lock = threading.Lock()
        self.ended = threading.Event()
        self.promised: dict[str, bytes] = {}
        self.refused = 0

    def go_on(self, number: int) -> None:
        """One picture after the other; what failed may have been stored or not, and is sent again."""
        width = 24 + number
        while not self.ended.is_set():
            data = noise(width, 24)
            while not self._promised(data) and not self.ended.wait(0.1):
                with self._lock:
                    self.refused += 1

    def wait_for_more(self, count: int) -> None:
        """Until so many more are there."""
        wanted = len(self.promised) + count
        wait_until(lambda: len(self.promised) >= wanted, patience=PATIENCE, what=f"{count} more pictures")

    def _promised(self, data: bytes) -> bool:
        try:
            answer = self._client.upload("a.png", data)
        except (OSError, HTTPException):
            return False
        if answer.status != 201:
            return False
        with self._lock:
            self.promised[answer.json["filename"]] = data
        return True


@contextlib.contextmanager
def going_on(uploads: Uploads) -> Iterator[None]:
    """Until the block ends, or fails; what a client raised is raised then."""
    with ThreadPoolExecutor(CLIENTS) as pool:
        clients = [pool.submit(uploads.go_on, number) for number in range(CLIENTS)]
        try:
            yield
        finally:
            uploads.ended.set()
    for client in clients:
        client.result()


@pytest.mark.timeout(600)
def test_every_promised_picture_outlives_kills_of_everything(
    state: Path, record_testsuite_property: Callable[[str, object], None]
) -> None:
    with Stack(state=state, workers=3, fsync=True) as stack:
        client = Client(stack.url)
        uploads, killer = Uploads(client), Killer(stack)
        with going_on(uploads):
            while killer.kills < KILLS:
                uploads.wait_for_more(BETWEEN_KILLS)
                killer.kill_next()
        wait_until(lambda: healthy(stack.url, stack.workers.process), patience=PATIENCE, what="healthy again")
        record_testsuite_property("Uploads that failed and were repeated while everything was killed", uploads.refused)
        swept = shoebox(stack, "sweep", "--grace", "0", "--force")
        assert swept.returncode == 0, swept.stdout + swept.stderr
        assert_sound(stack)
        assert uploads.promised.keys() <= listed(client)
        for key, data in uploads.promised.items():
            assert client.get(f"/images/{key}").body == data
