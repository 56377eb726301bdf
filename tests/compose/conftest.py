"""What needs an engine is not collected where there is none and none can be had; tests/conftest.py says so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest

from tests.compose import store
from tests.compose.docker import docker, why_not

IN_CONTAINERS = [
    "test_backup.py",
    "test_compose.py",
    "test_dev.py",
    "test_images.py",
    "test_kill.py",
    "test_lists.py",
    "test_s3.py",
    "test_swarm.py",
]

collect_ignore = IN_CONTAINERS if why_not() else []


@pytest.fixture(scope="session")
def far_images(images: Mapping[str, str]) -> Iterator[Mapping[str, str]]:
    """`images`, with pictures in a bucket of a store beside them."""
    settings = store.build(images)
    yield settings
    docker("image", "rm", "--force", settings["STORE_IMAGE"])
