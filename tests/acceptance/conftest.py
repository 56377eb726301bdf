"""One suite, every topology: a test that takes `client` or `topology` runs once on each."""

from __future__ import annotations

import pytest

from tests.client import Client
from tests.stack.embedded import Embedded
from tests.stack.stack import Stack

TOPOLOGIES = ("embedded", "stack")


@pytest.fixture(scope="session", params=TOPOLOGIES)
def topology(request: pytest.FixtureRequest) -> Embedded | Stack:
    """A running Shoebox: `url`, `app_log`, `layout`, `worker_count`, `worker_pid(i)`, `kill_worker(i)`,
    `master_pid`, `workers` (a process with `reload()`)."""
    running: Embedded | Stack = request.getfixturevalue(request.param)
    return running


@pytest.fixture
def client(topology: Embedded | Stack) -> Client:
    """A client of the topology. Other tests' pictures are there too."""
    return Client(topology.url)
