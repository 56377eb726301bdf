"""Starts the small service, talks to it, and leaves nothing of it behind."""

from __future__ import annotations

import contextlib
import http.client
import itertools
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from services.backend.tests.waiting import A_MOMENT, PATIENCE

SERVICE = Path(__file__).with_name("small_service.py")
SOURCE = Path(__file__).resolve().parents[3] / "src"
FEW = "-Sn 256"  # open files a plain system allows at first, and less


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    status: int
    text: str
    headers: dict[str, str]

    @property
    def json(self) -> Any:
        return json.loads(self.text)


def eventually(what: Callable[[], Any]) -> Any:
    """The first true value of `what`; AssertionError when there is none in time."""
    deadline = time.monotonic() + PATIENCE
    while True:
        with contextlib.suppress(OSError, http.client.HTTPException):
            if found := what():
                return found
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(A_MOMENT)


class Service:
    """A running small service. `ports` are the real ones, in the order asked for."""

    def __init__(self, folder: Path, *, descriptors: str = FEW, **settings: Any) -> None:
        self.folder = folder
        self._shell = ["/bin/sh", "-c", f'ulimit {descriptors} && exec "$@"', "sh"]
        self.settings: dict[str, Any] = {"workers": 1, "ports": [0], **settings}
        self._log = folder / "events.jsonl"
        self._names = itertools.count()
        self._connections: list[http.client.HTTPConnection] = []
        if not (folder / "word.py").exists():
            self.write_word("first")
        self.write_settings()
        self.process = self._start()
        self.ports: list[int] = []

    def _start(self) -> subprocess.Popen[str]:
        with self._log.open("a") as log:
            return subprocess.Popen(
                [*self._shell, sys.executable, str(SERVICE), str(self.folder / "settings.json")],
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                # A module changed twice within a second must not be read from its cache.
                env={"PATH": os.environ["PATH"], "PYTHONPATH": str(SOURCE), "PYTHONDONTWRITEBYTECODE": "1"},
            )

    def write_word(self, word: str) -> None:
        (self.folder / "word.py").write_text(f"WORD = {word!r}\n")

    def write_settings(self) -> None:
        (self.folder / "settings.json").write_text(json.dumps(self.settings))

    def wait_ready(self) -> Service:
        assert self.process.stdout is not None
        line = self.process.stdout.readline().split()
        assert line[:1] == ["ready"], self._log.read_text()
        self.ports = [int(port) for port in line[1:]]
        return self

    def events(self, name: str = "") -> list[dict[str, Any]]:
        written = self._log.read_text().rpartition("\n")[0]  # to its end: the last line may be on its way
        lines = [line for line in written.splitlines() if line.startswith("{")]
        found = [json.loads(line) for line in lines]
        return [event for event in found if not name or event["event"] == name]

    def wait_event(self, name: str, *, count: int = 1) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = eventually(
            lambda: (e := self.events(name)) if len(self.events(name)) >= count else []
        )
        return found

    def get(self, path: str = "/", *, worker: int = 0) -> Answer:
        connection = self.connect(worker=worker)
        try:
            return ask(connection, path, close=True)
        finally:
            connection.close()

    def connect(self, *, worker: int = 0) -> http.client.HTTPConnection:
        port = self.ports[worker if worker < len(self.ports) else 0]
        self._connections.append(http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE))
        return self._connections[-1]

    def dial(self, *, worker: int = 0) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.ports[worker]), timeout=PATIENCE)

    def refuses(self) -> bool:
        """Whether nobody listens any more."""
        try:
            self.dial().close()
        except ConnectionRefusedError:
            return True
        return False

    def at_work(self, path: str, *, count: int = 1) -> list[http.client.HTTPConnection]:
        """The connections of so many requests that are being worked on, spread over all ports."""
        before = len(self.events("held"))
        connections = [self.connect(worker=number % len(self.ports)) for number in range(count)]
        for connection in connections:
            connection.request("GET", path)
        self.wait_event("held", count=before + count)
        return connections

    @contextlib.contextmanager
    def held(self, count: int = 1, *, how: str = "hold") -> Iterator[list[http.client.HTTPConnection]]:
        """The same for requests that last until the block ends; each is answered then."""
        name = f"over-{next(self._names)}"
        try:
            yield self.at_work(f"/{how}/{name}", count=count)
        finally:
            (self.folder / name).touch()

    def pid_of(self, worker: int = 0) -> int:
        pid: int = self.get("/", worker=worker).json["pid"]
        return pid

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def wait_exit(self) -> int:
        return self.process.wait(PATIENCE)

    def stop(self) -> None:
        for connection in self._connections:
            connection.close()
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()


def ask(connection: http.client.HTTPConnection, path: str = "/", *, close: bool = False) -> Answer:
    connection.request("GET", path, headers={"Connection": "close"} if close else {})
    response = connection.getresponse()
    text = response.read().decode()
    return Answer(status=response.status, text=text, headers=dict(response.getheaders()))


def is_alive(pid: int) -> bool:
    """Whether the process runs; a zombie does not."""
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


def freeze(pid: int) -> None:
    """Stop the process, and return when none of its threads runs any more."""
    os.kill(pid, signal.SIGSTOP)
    tasks = Path(f"/proc/{pid}/task")
    eventually(lambda: all("\nState:\tT" in (task / "status").read_text() for task in tasks.iterdir()))


class Load:
    """Clients that ask without pause and without second tries, until the block ends.

    `keeping` of them keep their connection, `fresh` dial for each request. Every third keeping
    client rests between requests, as connections of a proxy do.
    """

    def __init__(self, service: Service, *, keeping: int, fresh: int, workers: Sequence[int] = (0,)) -> None:
        self.failures: list[str] = []
        self.answered = 0
        self._service = service
        self._workers = workers
        self._over = threading.Event()
        clients = [(self._keep, n) for n in range(keeping)] + [(self._dial, n) for n in range(fresh)]
        self._threads = [threading.Thread(target=work, args=(number,)) for work, number in clients]

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _keep(self, number: int) -> None:
        pause = 0.15 if number % 3 == 0 else 0.005
        connection = self._service.connect(worker=self._worker(number))
        while not self._over.wait(pause):
            self._try(lambda: ask(connection))
        connection.close()

    def _dial(self, number: int) -> None:
        while not self._over.wait(0.01):
            self._try(lambda: self._service.get(worker=self._worker(number)))

    def _worker(self, number: int) -> int:
        return self._workers[number % len(self._workers)]

    def _try(self, request: Callable[[], Answer]) -> None:
        try:
            answer = request()
        except (OSError, http.client.HTTPException) as error:
            self.failures.append(repr(error))
        else:
            self.answered += 1
            if answer.status != 200:
                self.failures.append(answer.text)


@contextlib.contextmanager
def running(folder: Path, *, descriptors: str = FEW, **settings: Any) -> Iterator[Service]:
    service = Service(folder, descriptors=descriptors, **settings)
    try:
        yield service.wait_ready()
    finally:
        service.stop()
