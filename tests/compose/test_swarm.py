"""The stack files on a swarm of one node, with the pictures in a bucket."""

from __future__ import annotations

from collections.abc import Mapping

from tests.compose.docker import docker, wait_for
from tests.compose.swarm import ANY_NODE, PATIENCE, Swarm

RENEWED = ("web", "nginx", "pgbouncer")
ROUNDS = 40  # of four requests each; five times as many on an idle machine


def test_a_rolling_update_under_load_fails_no_request_and_hides_no_upload(far_images: Mapping[str, str]) -> None:
    tag = far_images["SHOEBOX_TAG"]
    for name in RENEWED:
        docker("image", "tag", f"shoebox-{name}:{tag}", f"shoebox-{name}:{tag}-next")
    with Swarm(far_images) as swarm:
        assert swarm.service("web")["Spec"]["Mode"]["Replicated"]["Replicas"] == 3
        for service in ("web", "nginx"):
            task = swarm.service(service)["Spec"]["TaskTemplate"]
            assert task["Placement"]["Constraints"] == [ANY_NODE]
        with swarm.load() as seen:
            swarm.deploy(f"{tag}-next")
            wait_for(
                lambda: {swarm.update(service) for service in RENEWED} == {"completed"},
                patience=PATIENCE,
                what="all are renewed",
            )
        kept = swarm.kept()
    assert seen["bad"] == []
    assert seen["broken"] == []
    assert seen["steady"]
    assert seen["rounds"] > ROUNDS
    assert [path for path in kept if path.endswith(".png")] == [], "the pictures are in the bucket"
