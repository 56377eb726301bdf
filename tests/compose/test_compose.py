"""Installing, stopping and adding containers."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.client import Client
from tests.compose.compose import WEB_CONTAINERS, Compose
from tests.compose.docker import docker
from tests.compose.uploads import Uploads
from tests.load import load
from tests.pictures import picture
from tests.stack.checkout import CHECKOUT
from tests.stack.ports import free_port
from tests.stack.process import wait_until

PATIENCE = 60.0  # seconds; far more than anything here takes
KILLED = 137  # the exit code of what did not stop in time
PREPARE = CHECKOUT / "services" / "prepare" / "prepare.sh"


def healthy(client: Client) -> bool:
    try:
        return client.get("/health").status == 200
    except OSError:
        return False


def addresses(compose: Compose, since: int = 0) -> set[str]:
    """The web containers that Nginx asked, by its log from line `since` on."""
    lines = (compose.layout.logs / "nginx" / "access.log").read_text().splitlines()[since:]
    asked = {part.strip() for line in lines for part in json.loads(line)["worker"].split(",")}
    return {address.rpartition(":")[0] for address in asked if address}


@pytest.fixture
def checkout(state: Path) -> Path:
    """A clean one: what the images are made of and nothing that a run wrote."""
    copy = state / "checkout"
    copy.mkdir()
    shutil.copy(CHECKOUT / "docker-compose.yml", copy)
    shutil.copy(CHECKOUT / ".dockerignore", copy)
    for folder in ("services", "init-sql"):
        shutil.copytree(
            CHECKOUT / folder, copy / folder, ignore=shutil.ignore_patterns("__pycache__", "tests", ".*cache")
        )
    return copy


def test_two_installations_share_no_secret_and_down_and_up_keeps_every_picture(
    compose: Compose, images: Mapping[str, str], checkout: Path
) -> None:
    with Compose(settings=images, checkout=checkout) as second:
        client = Client(second.url)
        data = picture()
        url = client.upload("kept.png", data).json["url"]
        for name in ("postgres_password", "pgbouncer_password", "secret_key"):
            assert len(second.secret(name)) >= 32
            assert second.secret(name) != compose.secret(name)
        password = second.secret("postgres_password")
        second.run("stop")
        codes = {service: second.inspect(service)[0]["State"]["ExitCode"] for service in ("nginx", "web", "db")}
        assert KILLED not in codes.values(), codes
        second.run("down")
        second.up()
        assert client.get(url).body == data
        assert client.list().json["total_items"] == 1
        assert second.secret("postgres_password") == password
        assert (checkout / "logs" / "app.log").exists()


def test_the_dev_profile_reloads_the_source_as_it_lies_there(images: Mapping[str, str], checkout: Path) -> None:
    port = free_port()
    settings = {**images, "DEV_PORT": str(port)}
    with Compose(settings=settings, checkout=checkout, profile="dev"):
        client = Client(f"http://127.0.0.1:{port}")
        wait_until(lambda: healthy(client), patience=PATIENCE, what="the dev service answers")
        source = checkout / "services" / "backend" / "src" / "shoebox" / "__init__.py"
        source.write_text(source.read_text().replace('__version__ = "', '__version__ = "9.'))
        wait_until(
            lambda: healthy(client) and client.get("/health").json["version"].startswith("9."),
            patience=PATIENCE,
            what="the edited source serves",
        )


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
def three(compose: Compose) -> Iterator[Compose]:
    """With three web containers; as many as before afterwards."""
    compose.scale("web", 3)
    yield compose
    compose.scale("web", WEB_CONTAINERS)


@pytest.fixture
def as_before(compose: Compose) -> Iterator[None]:
    """As many web containers as before afterwards."""
    yield
    compose.scale("web", WEB_CONTAINERS)


@pytest.mark.usefixtures("as_before")
def test_containers_come_and_go_under_load_and_no_request_fails(compose: Compose) -> None:
    uploads = Uploads(Client(compose.url))
    seen = len((compose.layout.logs / "nginx" / "access.log").read_text().splitlines())
    with load(uploads.one_and_look, rate=15) as running:
        compose.scale("web", 3)
        wait_until(lambda: len(addresses(compose, seen)) == 3, patience=PATIENCE, what="Nginx asks all three")
        enough = len(running.statuses) + 60
        wait_until(lambda: len(running.statuses) > enough, patience=PATIENCE, what="all three are at work")
        compose.scale("web", 1)
        enough = len(running.statuses) + 20
        wait_until(lambda: len(running.statuses) > enough, patience=PATIENCE, what="one does the work again")
    assert running.bad == []
    assert uploads.broken() == []


def test_lists_are_nginxs_own_until_any_container_changes_a_row(compose: Compose) -> None:
    client, name = Client(compose.url), f"Kept_{secrets.token_hex(6)}"
    logs = compose.layout.logs / "nginx"
    seen = len((logs / "access.log").read_text().splitlines())
    counted = (logs / "lists.count").stat().st_size
    query = f"/api/images/?collection={name}"
    given: set[str] = set()

    def total() -> int:
        answer = client.get(query)
        given.add(answer.request_id)
        return int(answer.json["total_items"])

    assert [total() for _ in range(20)] == [0] * 20
    for turn in range(50):
        url = client.upload(f"{turn}.png", picture(), fields={"collection": name}).json["url"]
        assert [total(), total(), total()] == [1, 1, 1]
        assert client.delete(url.rpartition("/")[2]).status == 200
        assert [total(), total()] == [0, 0]

    def entries() -> list[Mapping[str, str]]:
        lines = [json.loads(line) for line in (logs / "access.log").read_text().splitlines()[seen:]]
        return [line for line in lines if line["request_id"] in given]

    wait_until(lambda: len(entries()) == len(given), patience=PATIENCE, what="every list is in the log")
    alone = sum(entry["worker"] == "" for entry in entries())
    assert alone > len(given) // 3
    assert len(addresses(compose, seen)) == WEB_CONTAINERS
    served = (logs / "lists.count").stat().st_size
    assert served - counted == alone
    numbers = "import urllib.request; print(urllib.request.urlopen('http://127.0.0.1:8001/metrics').read().decode())"
    told = compose.run("exec", "--no-TTY", "web", "python3", "-c", numbers)
    assert f"shoebox_lists_served_total {float(served)}" in told.splitlines()


def test_several_containers_migrate_the_schema_once(three: Compose) -> None:
    files = {path.name for path in (CHECKOUT / "init-sql").glob("*.sql")}
    recorded = docker(
        "exec", three.ids("db")[0], "psql", "-U", "shoebox", "-tAc", "SELECT version FROM schema_migrations"
    )
    assert sorted(recorded.split()) == sorted(files)
