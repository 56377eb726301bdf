"""The stack file on a swarm of one node."""

from __future__ import annotations

from collections.abc import Mapping

from tests.compose.docker import docker
from tests.compose.swarm import Swarm
from tests.stack.process import wait_until

UPDATE_PATIENCE = 80.0  # seconds; the load goes on for 90
ROUNDS = 100


def test_a_rolling_update_under_load_fails_no_request_and_hides_no_upload(images: Mapping[str, str]) -> None:
    tag = images["SHOEBOX_TAG"]
    docker("image", "tag", f"shoebox-web:{tag}", f"shoebox-web:{tag}-next")
    for name in ("nginx", "pgbouncer"):
        docker("image", "tag", f"shoebox-{name}:{tag}", f"shoebox-{name}:{tag}-next")
    with Swarm(images) as swarm:
        assert swarm.service("web")["Spec"]["Mode"]["Replicated"]["Replicas"] == 3
        with swarm.load() as seen:
            swarm.deploy(f"{tag}-next")
            wait_until(lambda: swarm.update("web") == "completed", patience=UPDATE_PATIENCE, what="all are renewed")
    assert seen["bad"] == []
    assert seen["broken"] == []
    assert seen["steady"]
    assert seen["rounds"] > ROUNDS
