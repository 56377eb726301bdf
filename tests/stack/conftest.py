"""The front door with stub workers behind it, and stacks whose lists Nginx gives by itself."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.client import Client
from tests.stack.nginx import Nginx
from tests.stack.ports import free_row
from tests.stack.stack import Stack
from tests.stack.stub import StubWorker

WORKERS = 2
MAX_FILE_SIZE = 10240  # bytes; 20 of these and 1 MiB pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Front:
    """Nginx, its store of pictures, and the port of the first stub worker."""

    nginx: Nginx
    client: Client
    images: Path
    first_worker: int


FrontMaker = Callable[..., Front]


@pytest.fixture(scope="session")
def make_front(state_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FrontMaker]:
    """Starts an Nginx with the settings given as words; no workers yet."""
    running: list[Nginx] = []

    def start(**settings: str) -> Front:
        folder = state_root / f"front-{len(running)}"
        images = folder / "images"
        images.mkdir(parents=True)
        first_worker = free_row(WORKERS)
        defaults = {"WEB_SERVER_WORKERS": str(WORKERS), "MAX_FILE_SIZE": str(MAX_FILE_SIZE)}
        nginx = Nginx(
            folder / "nginx",
            first_worker=first_worker,
            images_dir=images,
            log_folder=folder / "logs",
            settings=defaults | settings,
        )
        running.append(nginx)
        nginx.start()
        return Front(nginx=nginx, client=Client(nginx.url), images=images, first_worker=first_worker)

    yield start
    for nginx in running:
        nginx.stop()


@pytest.fixture(scope="session")
def front(make_front: FrontMaker) -> Iterator[Front]:
    """Nginx with every worker up; leave it so."""
    made = make_front()
    workers = [StubWorker(made.first_worker + i) for i in range(WORKERS)]
    yield made
    for worker in workers:
        worker.close()


@pytest.fixture(scope="module")
def system(state_root: Path) -> Iterator[Stack]:
    """A stack of a file's own: elsewhere processes are killed, and then no list is kept for a minute."""
    settings = {"CORS_ORIGINS": "https://friend.example", "TRUSTED_PROXIES": "127.0.0.1"}
    state = state_root / f"lists-{secrets.token_hex(4)}"
    with Stack(state=state, workers=3, fsync=False, settings=settings) as running:
        yield running


@pytest.fixture
def visitor(system: Stack) -> Client:
    """A client of `system`."""
    return Client(system.url)


@pytest.fixture
def collection() -> str:
    """A name that no other test uses."""
    return f"Kept_{secrets.token_hex(6)}"
