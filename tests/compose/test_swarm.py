"""The stack files on a swarm of one node, with the pictures in a bucket."""

from __future__ import annotations

from collections.abc import Mapping

from tests.compose.docker import docker
from tests.compose.swarm import ANY_NODE, Swarm
from tests.stack.process import wait_until

UPDATE_PATIENCE = 80.0  # seconds; the load goes on for 90
ROUNDS = 40  # of four requests each; five times as many on an idle machine


def test_a_rolling_update_under_load_fails_no_request_and_hides_no_upload(far_images: Mapping[str, str]) -> None:
    tag = far_images["SHOEBOX_TAG"]
    docker("image", "tag", f"shoebox-web:{tag}", f"shoebox-web:{tag}-next")
    for name in ("nginx", "pgbouncer"):
        docker("image", "tag", f"shoebox-{name}:{tag}", f"shoebox-{name}:{tag}-next")
    with Swarm(far_images) as swarm:
        assert swarm.service("web")["Spec"]["Mode"]["Replicated"]["Replicas"] == 3
        for service in ("web", "nginx"):
            task = swarm.service(service)["Spec"]["TaskTemplate"]
            assert task["Placement"]["Constraints"] == [ANY_NODE]
        with swarm.load() as seen:
            swarm.deploy(f"{tag}-next")
            wait_until(lambda: swarm.update("web") == "completed", patience=UPDATE_PATIENCE, what="all are renewed")
        kept = swarm.kept()
    assert seen["bad"] == []
    assert seen["broken"] == []
    assert seen["steady"]
    assert seen["rounds"] > ROUNDS
    assert [path for path in kept if path.endswith(".png")] == [], "the pictures are in the bucket"
