"""The production topology with its pictures in object storage."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from itertools import count
from pathlib import Path

import pytest

from services.backend.tests.s3_server import S3Server, s3_server
from shoebox.storage.s3_client import Client as S3Client
from shoebox.storage.s3_client import connect
from shoebox.storage.stores import S3Settings
from tests.client import Answer, Client
from tests.load import load
from tests.pictures import noise
from tests.stack.embedded import Embedded
from tests.stack.process import wait_until
from tests.stack.stack import Stack
from tests.stack.workers import SOURCE

IMMUTABLE = "public, max-age=31536000, immutable"


def settings_of(bucket: S3Settings) -> dict[str, str]:
    return {
        "STORAGE": "s3",
        "AWS_BUCKET_NAME": bucket.bucket,
        "AWS_REGION": bucket.region,
        "AWS_ACCESS_KEY_ID": bucket.access_key or "",
        "AWS_SECRET_ACCESS_KEY": bucket.secret_key or "",
        "S3_ENDPOINT_URL": bucket.endpoint or "",
    }


def objects(client: S3Client, bucket: S3Settings) -> list[str]:
    """The names of all that belong to pictures."""
    names = [entry["Key"] for entry in client.list_objects_v2(Bucket=bucket.bucket).get("Contents", ())]
    return [name for name in names if not name.startswith("marks/")]


@pytest.fixture(scope="module")
def server() -> Iterator[S3Server]:
    with s3_server() as running:
        yield running


@pytest.fixture(scope="module")
def bucket(server: S3Server) -> S3Settings:
    return server.bucket()


@pytest.fixture(scope="module")
def far(state_root: Path, bucket: S3Settings) -> Iterator[Stack]:
    """A stack whose pictures are in the bucket."""
    with Stack(state=state_root / "s3", workers=2, settings=settings_of(bucket), fsync=False) as running:
        yield running


def upload(client: Client, data: bytes, name: str = "Träume.png") -> str:
    answer = client.upload(name, data)
    assert answer.status == 201
    key: str = answer.json["filename"]
    return key


def test_a_picture_lives_and_dies_in_the_bucket_and_comes_through_nginx(far: Stack, bucket: S3Settings) -> None:
    client, data = Client(far.url), noise(600, 400)
    client.clear()
    key = upload(client, data)
    assert client.list().json["files"] == [key]
    store = connect(bucket)
    assert objects(store, bucket) == [f"images/{key}", f"thumbs/320/{key}"]
    first = client.get(f"/images/{key}")
    assert (first.status, first.body) == (200, data)
    for name, value in {
        "Content-Type": "image/png",
        "Cache-Control": IMMUTABLE,
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Accept-Ranges": "bytes",
    }.items():
        assert first.headers.get_all(name) == [value]
    for width in (320, 1280):
        assert client.get(f"/thumbs/{width}/{key}").type == "image/webp"
    # From here on the bytes are Nginx's: the store is not asked any more.
    store.delete_object(Bucket=bucket.bucket, Key=f"images/{key}")
    assert client.get(f"/images/{key}").body == data
    assert client.get(f"/images/{key}", {"If-None-Match": first.headers["ETag"]}).status == 304
    assert client.get(f"/images/{key}", {"If-Modified-Since": first.headers["Last-Modified"]}).status == 304
    part = client.get(f"/images/{key}", {"Range": "bytes=10-19"})
    assert (part.status, part.body, part.headers["Content-Range"]) == (206, data[10:20], f"bytes 10-19/{len(data)}")
    none = client.get(f"/images/{key}", {"Range": f"bytes={len(data)}-"})
    assert (none.status, none.json["code"]) == (416, "range_not_satisfiable")
    head = client.head(f"/images/{key}")
    assert (head.status, head.body, int(head.headers["Content-Length"])) == (200, b"", len(data))
    saved = client.get(f"/images/{key}?download=1")
    assert saved.body == data
    assert "Tr%C3%A4ume.png" in saved.headers["Content-Disposition"]
    assert "Content-Disposition" not in client.get(f"/images/{key}").headers
    # And yet a deletion holds at once.
    assert client.delete(key).status == 200
    for path in (f"/images/{key}", f"/images/{key}?download=1", f"/thumbs/320/{key}", f"/thumbs/1280/{key}"):
        assert client.get(path).status == 404
    assert objects(store, bucket) == []


def test_what_nginx_keeps_is_nobodys_to_ask_for(far: Stack) -> None:
    client = Client(far.url)
    key = upload(client, noise(30, 20))
    assert client.get(f"/images/{key}").status == 200
    assert client.get(f"/.store/images/{key}").status == 404
    client.delete(key)
    assert client.get(f"/images/{key}?store=bytes").status == 404


def test_the_store_is_sound_and_a_sweep_takes_what_has_no_row(far: Stack, bucket: S3Settings) -> None:
    client = Client(far.url)
    upload(client, noise(30, 20))
    connect(bucket).put_object(Bucket=bucket.bucket, Key="images/Stray0000000.png", Body=b"nobody's")
    env = settings_of(bucket) | command_settings(far)
    assert command(env, "check").returncode == 0  # too young to be a stray
    swept = command(env, "sweep", "--grace", "-60")
    assert (swept.returncode, "removed 1" in swept.stdout) == (0, True)
    assert command(env, "check").returncode == 0


@pytest.mark.parametrize("topology", [Embedded, Stack])
def test_a_live_store_moves_to_the_bucket_without_a_failed_request(
    server: S3Server, state: Path, topology: type[Embedded | Stack]
) -> None:
    far = settings_of(server.bucket())
    del far["STORAGE"]
    with topology(state=state, workers=2) as running:
        client, pictures = Client(running.url), [noise(40, 30) for _ in range(8)]
        kept = {upload(client, data): data for data in pictures}
        keys, turns = list(kept), count()

        def ask() -> Answer:
            turn = next(turns)
            if turn % 10 == 0:
                answer = client.upload("new.png", pictures[0])
                keys.append(answer.json["filename"])
                return answer
            key = keys[-1 - turn % len(keys)]
            return client.get(f"/images/{key}" if turn % 2 else f"/thumbs/320/{key}")

        with load(ask, rate=20, clients=2) as seen:
            for kind, also in (("disk", "s3"), ("s3", "disk")):
                change(running, far | {"STORAGE": kind, "STORAGE_ALSO": also})
            words = ("storage", "copy", "--from", "disk", "--to", "s3")
            copied = command(far | settings_for_commands(running), *words)
            assert (copied.returncode, "damaged 0" in copied.stdout) == (0, True)
            change(running, far | {"STORAGE": "s3", "STORAGE_ALSO": ""})
        assert seen.bad == []
        assert len(seen.statuses) > 20
        for name in ("images", "content", "thumbs"):
            shutil.rmtree(running.layout.images / name)
        assert {key: client.get(f"/images/{key}").body for key in kept} == kept
        assert {client.get(f"/images/{key}").status for key in keys} == {200}
        assert command(far | {"STORAGE": "s3"} | settings_for_commands(running), "check").returncode == 0
        assert client.delete(keys[0]).status == 200
        for path in (f"/images/{keys[0]}", f"/thumbs/320/{keys[0]}"):
            assert client.get(path).status == 404


def change(running: Embedded | Stack, settings: Mapping[str, str]) -> None:
    """Other settings from now on, Nginx's first; returns when no process with the earlier ones is left."""
    if isinstance(running, Stack):
        running.nginx.change(settings)
    file = running.layout.work / "workers" / ".env"
    file.write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
    file.chmod(0o644)
    before = set(running.workers.pids)
    running.workers.reload()
    wait_until(lambda: not before & set(running.workers.pids), patience=100, what="the new settings hold")


def settings_for_commands(running: Embedded | Stack) -> dict[str, str]:
    return command_settings(running) if isinstance(running, Stack) else embedded_settings(running)


def embedded_settings(running: Embedded) -> dict[str, str]:
    return {
        "STATE_DIR": str(running.layout.work.parent),
        "IMAGES_DIR": str(running.layout.images),
        "LOG_DIR": str(running.layout.work / "commands"),
        "DATABASE_PATH": str(running.layout.work / "workers" / "shoebox.db"),
    }


def command_settings(stack: Stack) -> dict[str, str]:
    login = stack.postgres.login
    return {
        "STATE_DIR": str(stack.layout.work),
        "IMAGES_DIR": str(stack.layout.images),
        "LOG_DIR": str(stack.layout.work / "commands"),
        "POSTGRES_HOST": login.host,
        "POSTGRES_DB_PORT": str(login.port),
        "POSTGRES_DB": login.database,
        "POSTGRES_USER": login.user,
        "POSTGRES_PASSWORD": login.password,
    }


def command(env: Mapping[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-m", "shoebox", *words]
    return subprocess.run(
        argv, env={"PYTHONPATH": str(SOURCE), **env}, capture_output=True, text=True, timeout=100, check=False
    )
