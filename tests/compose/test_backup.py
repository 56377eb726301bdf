"""Backups of the containers: taken while pictures come and go, put back after everything is lost."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from tests.client import Answer, Client
from tests.compose.compose import PATIENCE, Compose
from tests.compose.uploads import Uploads
from tests.load import load
from tests.pictures import picture
from tests.stack.process import wait_until


def shoebox(compose: Compose, *argv: str) -> str:
    """What a command prints in the container of the backups."""
    return compose.run("exec", "--no-TTY", "backup", "python3", "-m", "shoebox", *argv)


def newest(compose: Compose) -> Path:
    return max(compose.layout.backups.glob("shoebox-*"))


def test_a_backup_under_load_brings_everything_back_after_the_loss_of_all(
    state: Path, images: Mapping[str, str]
) -> None:
    with Compose(settings=images, state=state) as compose:
        client = Client(compose.url)
        uploads = Uploads(client)
        compose.await_backup()
        assert newest(compose), "one is taken at the start"

        def change() -> Answer:
            uploads.one()
            short_lived = client.upload("gone.png", picture()).json["filename"]
            return client.delete(short_lived)

        with load(change, rate=20) as running:
            wait_until(lambda: len(running.statuses) > 20, patience=PATIENCE, what="pictures come and go")
            settled = dict(uploads.promised)
            shoebox(compose, "backup")
        assert running.bad == []
        backup = newest(compose)
        named = {path.name: path.read_bytes() for path in (backup / "images").rglob("*.png")}
        assert settled.keys() <= named.keys()

        compose.down("--volumes")
        shutil.rmtree(compose.layout.images)
        shutil.rmtree(compose.layout.logs)
        compose.up()
        compose.await_backup()
        # So often that Nginx has it ready.
        assert [client.list().json["total_items"] for _ in range(20)] == [0] * 20
        shoebox(compose, "restore", backup.name)
        assert [client.list().json["total_items"] for _ in range(20)] == [len(named)] * 20
        assert compose.lists_served() > 0
        assert {key: client.get(f"/images/{key}").body for key in named} == named
        assert shoebox(compose, "check").endswith("files without a row 0, rows without a file 0\n")
        assert client.delete(next(iter(named))).status == 200
        log = compose.app_log.read_text()
        assert "backup finished" in log
        assert "backup restored" in log
