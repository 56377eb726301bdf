"""One suite, every topology: a test that takes `client` or `topology` runs once on each."""

from __future__ import annotations

import pytest

from tests.compose import docker
from tests.compose.compose import Compose
from tests.conftest import TOPOLOGIES
from tests.stack.embedded import Embedded
from tests.stack.stack import Stack

CONTAINERS = () if docker.why_not() else ("compose",)


@pytest.fixture(scope="session", params=TOPOLOGIES)
def processes(request: pytest.FixtureRequest) -> Embedded | Stack:
    """Each that runs as processes of this machine, which a test may kill and reload."""
    running: Embedded | Stack = request.getfixturevalue(request.param)
    return running


@pytest.fixture(scope="session", params=[*TOPOLOGIES, *CONTAINERS])
def topology(request: pytest.FixtureRequest) -> Embedded | Stack | Compose:
    """Each there is: `url`, `app_log`, `layout`, `worker_count`."""
    running: Embedded | Stack | Compose = request.getfixturevalue(request.param)
    return running
