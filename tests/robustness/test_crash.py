"""Whatever dies, a picture that was answered with a 201 is there."""

from __future__ import annotations

import contextlib
import random
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from tests.client import Client
from tests.pictures import noise
from tests.robustness.command import shoebox
from tests.robustness.crowd import shared_out
from tests.robustness.processes import decoders
from tests.robustness.store import assert_sound, listed
from tests.stack.health import healthy
from tests.stack.process import StackError, end_session, send, wait_until
from tests.stack.stack import Stack

SEED: Final = 3
PICTURES: Final = 500
CLIENTS: Final = 8
BETWEEN_KILLS: Final = 25  # pictures
PATIENCE: Final = 60.0  # seconds; recovery of the database is part of it


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
        with contextlib.suppress(StackError):  # its place may be empty just now
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
    """Clients that do not give up, and what they were promised."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._lock = threading.Lock()
        self.promised: dict[str, bytes] = {}
        self.refused = 0

    def upload(self, data: bytes) -> None:
        """Until it is there: what failed in between may have been stored or not."""
        deadline = time.monotonic() + PATIENCE
        while not self._promised(data):
            assert time.monotonic() < deadline, "this picture could not be uploaded"
            with self._lock:
                self.refused += 1
            time.sleep(0.1)

    def _promised(self, data: bytes) -> bool:
        try:
            answer = self._client.upload("a.png", data)
        except OSError:
            return False
        if answer.status != 201:
            return False
        with self._lock:
            self.promised[answer.json["filename"]] = data
        return True


@pytest.mark.timeout(300)
def test_every_promised_picture_outlives_kills_of_everything(
    state: Path, record_testsuite_property: Callable[[str, object], None]
) -> None:
    pictures = [noise(24 + number % 40, 24) for number in range(PICTURES)]
    with Stack(state=state, workers=3, fsync=True) as stack:
        client = Client(stack.url)
        uploads, killer = Uploads(client), Killer(stack)
        clients = threading.Thread(target=shared_out, args=(uploads.upload, pictures), kwargs={"clients": CLIENTS})
        clients.start()
        while clients.is_alive():
            if len(uploads.promised) >= BETWEEN_KILLS * (killer.kills + 1):
                killer.kill_next()
            clients.join(0.01)
        wait_until(lambda: healthy(stack.url, stack.workers.process), patience=PATIENCE, what="healthy again")
        record_testsuite_property("Uploads that failed and were repeated while everything was killed", uploads.refused)
        assert len(uploads.promised) == PICTURES
        assert killer.kills >= PICTURES // BETWEEN_KILLS - 1
        swept = shoebox(stack, "sweep", "--grace", "0", "--force")
        assert swept.returncode == 0, swept.stdout + swept.stderr
        assert_sound(stack)
        assert uploads.promised.keys() <= listed(client)
        for key, data in uploads.promised.items():
            assert client.get(f"/images/{key}").body == data
