"""Installing, stopping, adding and removing containers."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.client import Client
from tests.compose.compose import PATIENCE, WEB_CONTAINERS, Compose, copy_checkout
from tests.compose.docker import docker
from tests.compose.uploads import Uploads
from tests.load import load
from tests.pictures import picture
from tests.stack.checkout import CHECKOUT
from tests.stack.process import wait_until

KILLED = 137  # the exit code of what did not stop in time
PREPARE = CHECKOUT / "services" / "prepare" / "prepare.sh"


@pytest.fixture(scope="module")
def second(state_root: Path, images: Mapping[str, str]) -> Iterator[Compose]:
    """An installation of its own, in a checkout of its own, that keeps no lists."""
    checkout = copy_checkout(state_root / "second")
    with Compose(settings={**images, "LIST_CACHE_DIR": ""}, checkout=checkout) as running:
        yield running


def test_two_installations_share_no_secret_and_down_and_up_keeps_every_picture(
    compose: Compose, second: Compose
) -> None:
    client = Client(second.url)
    data = picture()
    url = client.upload("kept.png", data).json["url"]
    total = client.list().json["total_items"]
    for name in ("postgres_password", "pgbouncer_password", "secret_key"):
        assert len(second.secret(name)) >= 32
        assert second.secret(name) != compose.secret(name)
    password = second.secret("postgres_password")
    second.run("stop")
    codes = {
        container["Name"]: container["State"]["ExitCode"]
        for service in ("nginx", "web", "db")
        for container in second.inspect(service)
    }
    assert len(codes) == 2 + WEB_CONTAINERS
    assert KILLED not in codes.values(), codes
    second.down()
    second.up()
    assert client.get(url).body == data
    assert client.list().json["total_items"] == total
    assert second.secret("postgres_password") == password
    assert second.app_log.exists()


def test_with_an_empty_folder_given_all_lists_are_the_workers(second: Compose) -> None:
    client, name = Client(second.url), "Asked_often"
    query = f"/api/images/?collection={name}"
    answers = [client.get(query) for _ in range(20)]
    key = client.upload("a.png", picture(), fields={"collection": name}).json["filename"]
    answers += [client.get(query) for _ in range(20)]
    assert [answer.json["files"] for answer in answers] == [[]] * 20 + [[key]] * 20
    entries = second.entries({answer.request_id for answer in answers})
    assert [entry for entry in entries if entry["worker"] == ""] == []


def test_a_folder_that_cannot_be_written_to_is_named_with_the_way_out(state: Path, images: Mapping[str, str]) -> None:
    owner = 4711
    for name in ("img_storage", "logs/nginx", "logs/pgbouncer", "backups", "lists"):
        (state / name).mkdir(parents=True)
    for folder in (state / "logs", *(state / "logs").iterdir(), state / "backups", state / "lists"):
        os.chown(folder, owner, owner)
    environment = {"PUID": owner, "PGID": owner, "HOST_IMAGES": "./img_storage", "HOST_LOGS": "l", "HOST_BACKUPS": "b"}
    command = ["docker", "run", "--rm", f"--user={owner}:{owner}", "--cap-drop=ALL", "--network=none"]
    command += ["--tmpfs=/run/secrets:mode=1777", f"--volume={state}:/host", f"--volume={PREPARE}:/prepare.sh:ro"]
    command += [f"--env={name}={value}" for name, value in environment.items()]
    command += [images["DEBIAN_IMAGE"], "sh", "/prepare.sh"]
    refused = subprocess.run(command, capture_output=True, text=True, check=False)
    assert refused.returncode == 1
    assert refused.stderr == (
        "prepare: cannot write to ./img_storage as user 4711. On the host: sudo chown -R 4711:4711 './img_storage'\n"
    )
    os.chown(state / "img_storage", owner, owner)
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0


@pytest.fixture
def as_before(compose: Compose) -> Iterator[None]:
    """As many web containers as before afterwards."""
    yield
    compose.scale("web", WEB_CONTAINERS)


@pytest.mark.usefixtures("as_before")
def test_containers_come_and_go_under_load_and_no_request_fails(compose: Compose) -> None:
    uploads = Uploads(Client(compose.url))
    before = compose.logged()
    with load(uploads.one_and_look, rate=15) as running:
        compose.scale("web", 3)
        wait_until(lambda: len(compose.asked(before)) >= 3, patience=PATIENCE, what="Nginx asks all three")
        enough = len(running.statuses) + 60
        wait_until(lambda: len(running.statuses) > enough, patience=PATIENCE, what="all three are at work")
        compose.scale("web", 1)
        enough = len(running.statuses) + 20
        wait_until(lambda: len(running.statuses) > enough, patience=PATIENCE, what="one does the work again")
    assert running.bad == []
    assert uploads.broken() == []


def test_several_containers_migrate_the_schema_once(compose: Compose) -> None:
    files = {path.name for path in (CHECKOUT / "init-sql").glob("*.sql")}
    recorded = docker(
        "exec", compose.ids("db")[0], "psql", "-U", "shoebox", "-tAc", "SELECT version FROM schema_migrations"
    )
    assert sorted(recorded.split()) == sorted(files)
