"""What the images and the running containers are like."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.compose.compose import PATIENCE, Compose
from tests.compose.docker import docker, inspect, wait_for
from tests.stack.process import descendants

SERVICES = ("nginx", "web", "pgbouncer", "db", "backup")
OURS = ("nginx", "web", "pgbouncer", "backup")
MB = 1_000_000


def image(name: str) -> dict[str, Any]:
    return dict(json.loads(docker("image", "inspect", name))[0])


def owner_of(pid: int) -> int | None:
    """None if it has ended since."""
    with suppress(OSError):
        return Path(f"/proc/{pid}").stat().st_uid
    return None


def test_one_port_is_published(compose: Compose) -> None:
    published = {
        (port["HostIp"], port["HostPort"])
        for service in SERVICES
        for container in compose.inspect(service)
        for ports in container["NetworkSettings"]["Ports"].values()
        for port in ports or []
    }
    assert published == {("127.0.0.1", str(compose.port))}


def test_the_database_is_out_of_reach_of_nginx_and_of_the_world(compose: Compose) -> None:
    networks = {service: set(compose.inspect(service)[0]["NetworkSettings"]["Networks"]) for service in SERVICES}
    front, back, out = (f"{compose.name}_{name}" for name in ("front", "back", "out"))
    assert networks == {
        "nginx": {front},
        "web": {front, back},
        "pgbouncer": {back},
        "db": {back},
        "backup": {back, out},
    }
    assert json.loads(docker("network", "inspect", back))[0]["Internal"] is True


@pytest.mark.parametrize("service", SERVICES)
def test_no_process_is_root(compose: Compose, service: str) -> None:
    first = int(compose.inspect(service)[0]["State"]["Pid"])
    # Not those that the engine itself puts in to look after the health: each is root for an instant.
    owners = {owner for pid in (first, *descendants(first)) if (owner := owner_of(pid)) is not None}
    assert owners
    assert 0 not in owners


@pytest.mark.parametrize("service", SERVICES)
def test_every_service_is_watched_restarted_and_bounded(compose: Compose, service: str) -> None:
    container = compose.inspect(service)[0]
    host = container["HostConfig"]
    wait_for(
        lambda: inspect(container["Id"])["State"]["Health"]["Status"] == "healthy",
        patience=PATIENCE,
        what=f"{service} is healthy",
    )
    assert host["RestartPolicy"]["Name"] == "unless-stopped"
    assert host["Memory"] > 0
    assert {"max-size", "max-file"} <= set(host["LogConfig"]["Config"])
    assert host["CapDrop"] == ["ALL"]
    assert "no-new-privileges:true" in host["SecurityOpt"]


@pytest.mark.parametrize("service", OURS)
def test_nothing_of_an_images_own_files_can_be_changed(compose: Compose, service: str) -> None:
    container = compose.inspect(service)[0]
    assert container["HostConfig"]["ReadonlyRootfs"] is True
    assert not container["HostConfig"]["CapAdd"]
    tried = ["docker", "exec", container["Id"], "touch", "/shoebox/tried"]
    done = subprocess.run(tried, capture_output=True, text=True, check=False)
    assert done.returncode != 0


@pytest.mark.parametrize(
    ("service", "signal"), [("nginx", "SIGQUIT"), ("web", "SIGTERM"), ("pgbouncer", "SIGINT"), ("backup", "SIGTERM")]
)
def test_an_image_says_what_it_is_and_how_it_stops(images: Mapping[str, str], service: str, signal: str) -> None:
    config = image(f"shoebox-{service}:{images['SHOEBOX_TAG']}")["Config"]
    labels = {
        f"org.opencontainers.image.{name}" for name in ("title", "description", "licenses", "version", "revision")
    }
    assert labels <= set(config["Labels"])
    assert config["StopSignal"] == signal
    assert config["User"] not in {"", "root", "0"}
    assert config["Healthcheck"]["Test"]


def test_the_web_image_is_small_and_holds_no_leftovers(images: Mapping[str, str], compose: Compose) -> None:
    ours, base = (image(name)["Size"] for name in (f"shoebox-web:{images['SHOEBOX_TAG']}", images["PYTHON_IMAGE"]))
    assert 0 < ours - base < 80 * MB
    container = compose.ids("web")[0]
    looked = "ls -d /root/.cache /tmp/pip* /shoebox/packages/pip /shoebox/services/backend/tests 2>/dev/null || true"
    assert docker("exec", container, "sh", "-c", looked) == ""
    # Compiled beforehand: nothing can be written there later.
    assert (
        docker("exec", container, "sh", "-c", "ls /shoebox/services/backend/src/shoebox/__pycache__ | wc -l") != "0\n"
    )


@pytest.mark.parametrize("service", ["web", "backup"])
def test_what_is_python_can_reach_a_bucket_and_take_a_role_for_it(compose: Compose, service: str) -> None:
    clients = "[boto3.client(name, region_name='eu-central-1') for name in ('s3', 'sts', 'sso', 'sso-oidc')]"
    docker("exec", compose.ids(service)[0], "python3", "-c", f"import boto3; {clients}")
