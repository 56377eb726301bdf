"""The running systems that tests talk to: each starts when the first test asks for it and stops
at the end of the run."""

from __future__ import annotations

import secrets
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.chromium import chromium
from tests.client import Client
from tests.compose import docker
from tests.compose.compose import Compose
from tests.stack.embedded import Embedded
from tests.stack.stack import Stack

TOPOLOGIES = ("embedded", "stack")
FIRST_START = 1800  # seconds: an engine is installed, images are made


@pytest.fixture(scope="session")
def state_root() -> Iterator[Path]:
    """A folder for what the systems write; short, open to other users, gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="shoebox-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def state(state_root: Path) -> Iterator[Path]:
    """A folder for the system that one test starts for itself."""
    folder = Path(tempfile.mkdtemp(prefix="test-", dir=state_root))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def stack(state_root: Path) -> Iterator[Stack]:
    """The production topology, shared by all tests: leave it running and healthy."""
    with Stack(state=state_root / "stack", workers=4, fsync=False) as running:
        yield running


@pytest.fixture(scope="session")
def embedded(state_root: Path) -> Iterator[Embedded]:
    """The embedded topology, shared by all tests: leave it running and healthy."""
    with Embedded(state=state_root / "embedded", workers=2) as running:
        yield running


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The system's Chromium, one for the whole run."""
    with chromium() as running:
        yield running


@pytest.fixture(scope="session")
def images() -> Iterator[Mapping[str, str]]:
    """Our images, built from this checkout: the settings of docker-compose.yml that name them."""
    started = docker.start_engine()
    settings = {**docker.base_images(), "SHOEBOX_TAG": f"test-{secrets.token_hex(4)}"}
    builder = Compose(settings=settings)
    try:
        builder.run("build", "--quiet")
        yield settings
    finally:
        docker.remove_images(settings["SHOEBOX_TAG"])
        if started:
            docker.stop_engine()


@pytest.fixture(scope="session")
def compose(state_root: Path, images: Mapping[str, str]) -> Iterator[Compose]:
    """The stack in containers, shared by all tests: leave it running and healthy."""
    with Compose(state=state_root / "compose", settings=images) as running:
        yield running


@pytest.fixture(scope="session", params=TOPOLOGIES)
def topology(request: pytest.FixtureRequest) -> Embedded | Stack:
    """Each that runs as processes of this machine: `url`, `app_log`, `layout`, `worker_count`, `worker_pid(i)`,
    `kill_worker(i)`, `master_pid`, `workers` (a process with `reload()`)."""
    running: Embedded | Stack = request.getfixturevalue(request.param)
    return running


@pytest.fixture
def client(topology: Embedded | Stack) -> Client:
    """A client of the topology. Other tests' pictures are there too."""
    return Client(topology.url)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests of containers come last: their engine and its checks every few seconds are in nobody's way.
    Whichever asks first pays for the first start."""
    for item in items:
        if "compose" in item.nodeid:
            item.add_marker(pytest.mark.timeout(FIRST_START))
    items.sort(key=lambda item: "compose" in item.nodeid)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say it where the containers' tests are missing."""
    if docker.why_not():
        terminalreporter.write_line(f"not tested in containers: {docker.why_not()}")
