"""Several web containers with their pictures in a bucket."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.client import Client
from tests.compose.compose import PATIENCE, Compose
from tests.compose.store import COMPOSE_FILE, Store
from tests.compose.uploads import Uploads
from tests.load import load
from tests.pictures import noise
from tests.stack.process import wait_until

WEB = 3  # containers
# Under a name of its own: the containers' own sweep comes a minute after their start and would be in the way.
SWEEP = """
import os
from shoebox.app import sweep
from shoebox.config import load
from shoebox.wiring import build_sweeper
sweep.LEASE_NAME = "all at once"
print(build_sweeper(load(os.environ)).run_once_per_deployment() is not None)
"""


@pytest.fixture(scope="module")
def far(state_root: Path, far_images: Mapping[str, str]) -> Iterator[Compose]:
    """Three web containers over one bucket."""
    settings = {**far_images, "WEB_CONTAINERS": str(WEB)}
    with Compose(state=state_root / "far", settings=settings, beside=[COMPOSE_FILE]) as running:
        yield running


@pytest.fixture
def store(far: Compose) -> Store:
    return Store(far.ids("store")[0])


def upload(client: Client, data: bytes) -> str:
    answer = client.upload("far.png", data)
    assert answer.status == 201
    return str(answer.json["filename"])


def test_a_picture_lives_and_dies_in_the_bucket_and_comes_from_nginxs_copy(far: Compose, store: Store) -> None:
    client, data, others = Client(far.url), noise(300, 200), store.keys()
    key = upload(client, data)
    assert store.keys() - others == {f"images/{key}", f"thumbs/320/{key}"}
    assert client.get(f"/images/{key}").body == data
    for width in (320, 1280):
        assert client.get(f"/thumbs/{width}/{key}").type == "image/webp"
    store.remove(f"images/{key}")
    assert client.get(f"/images/{key}").body == data, "the store is not asked again"
    assert client.delete(key).status == 200
    for path in (f"/images/{key}", f"/thumbs/320/{key}", f"/thumbs/1280/{key}", f"/api/images/{key}"):
        assert client.get(path).status == 404
    assert store.keys() == others


def test_whichever_container_is_asked_finds_what_another_has_just_taken(far: Compose, store: Store) -> None:
    uploads, before = Uploads(Client(far.url)), far.logged()
    with load(uploads.one_and_look, rate=10) as running:
        wait_until(lambda: len(running.statuses) >= 50, patience=PATIENCE, what="pictures come in")
    assert running.bad == []
    wait_until(lambda: len(far.asked(before)) >= WEB, patience=PATIENCE, what="Nginx asks all containers")
    assert {f"images/{key}" for key in uploads.promised} <= store.keys()
    kept = [path for path in far.layout.images.rglob("*.png") if "staging" not in path.parts]
    assert kept == [], "no container keeps a picture"


def test_a_restart_of_everything_but_the_store_keeps_every_picture(far: Compose) -> None:
    client, data = Client(far.url), noise(40, 30)
    key = upload(client, data)  # nobody has seen it: Nginx has no copy
    far.run("restart", "db", "pgbouncer", "web", "nginx")
    far.up("--no-recreate")
    assert client.get(f"/images/{key}").body == data
    assert client.get(f"/thumbs/320/{key}").status == 200


def test_backups_read_the_bucket(far: Compose) -> None:
    client, data = Client(far.url), noise(40, 30)
    key = upload(client, data)
    far.await_backup()
    far.run("exec", "--no-TTY", "backup", "python3", "-m", "shoebox", "backup")
    newest = max(far.layout.backups.glob("shoebox-*"))
    (copy,) = newest.rglob(key)
    assert copy.read_bytes() == data


def test_of_all_containers_that_want_to_sweep_at_once_one_does(far: Compose) -> None:
    sweeps = [
        subprocess.Popen(["docker", "exec", container, "python3", "-c", SWEEP], stdout=subprocess.PIPE, text=True)
        for container in far.ids("web")
    ]
    said = [sweep.communicate(timeout=PATIENCE)[0].strip() for sweep in sweeps]
    assert [sweep.returncode for sweep in sweeps] == [0] * WEB
    assert sorted(said) == ["False"] * (WEB - 1) + ["True"]
