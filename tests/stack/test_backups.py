"""Backups of running systems: taken under load, lost half-way, put back by one command."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.client import Answer, Client
from tests.load import load
from tests.pictures import picture
from tests.stack.accounts import account
from tests.stack.checkout import CHECKOUT
from tests.stack.embedded import Embedded
from tests.stack.lists import keep
from tests.stack.process import wait_until
from tests.stack.stack import Stack

PATIENCE = 60.0  # seconds


def store(*arguments: str, state: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    """What `make backup` and `make restore` run."""
    command = [sys.executable, "-m", "tests.stack.backups", *arguments]
    env = {**os.environ, "STATE_DIR": str(state), "PYTHONPATH": f"{CHECKOUT / 'services/backend/src'}:{CHECKOUT}"}
    return subprocess.run(command, env={**env, **settings}, capture_output=True, text=True, timeout=100, check=False)


def backups(state: Path) -> list[Path]:
    return sorted((state / "backups").glob("shoebox-*"))


def make_stack(state: Path) -> Stack:
    return Stack(state=state, workers=2, fsync=False)


def make_embedded(state: Path) -> Embedded:
    return Embedded(state=state, workers=2)


def marks(state: Path) -> set[str]:
    """The databases that the store is marked by."""
    return {path.name for path in (state / "img_storage" / "marks").iterdir()}


def contents(client: Client) -> dict[str, bytes]:
    """Every picture that is listed, fetched."""
    found: dict[str, bytes] = {}
    page = client.list(per_page=100).json
    while True:
        for image in page["images"]:
            answer = client.get(image["url"])
            assert answer.status == 200, image
            found[image["filename"]] = answer.body
        if not page["next_cursor"]:
            assert len(found) == page["total_items"]
            return found
        page = client.list(per_page=100, cursor=page["next_cursor"]).json


@contextmanager
def changes(client: Client) -> Iterator[None]:
    """Uploads and deletions until the block ends. None of them may fail."""
    young: list[str] = []
    lock = threading.Lock()

    def change() -> Answer:
        with lock:
            oldest = young.pop(0) if len(young) > 8 else None
        if oldest:
            return client.delete(oldest)
        answer = client.upload("one.png", picture())
        if answer.status == 201:
            with lock:
                young.append(answer.json["filename"])
        return answer

    with load(change, rate=40) as running:
        wait_until(lambda: len(running.statuses) > 20, patience=PATIENCE, what="changes go on")
        yield
    assert running.bad == []


@pytest.mark.parametrize("make", [make_embedded, make_stack], ids=["embedded", "stack"])
def test_a_backup_under_load_restores_into_an_empty_system_while_that_runs(
    state: Path, make: Callable[[Path], Embedded | Stack]
) -> None:
    one, two = state / "one", state / "two"
    with make(one) as first:
        client = Client(first.url)
        old = client.upload("old.png", picture()).json
        with changes(client):
            done = store("backup", state=one)
            assert done.returncode == 0, done.stderr
        again = store("backup", state=one)
        assert ", 0 of them copied" not in done.stdout
        assert again.returncode == 0
        expected = contents(client)
        refused = store("restore", str(backups(one)[-1]), state=one)
        assert refused.returncode == 1
        assert "--force" in refused.stderr
        assert contents(client) == expected
        assert "backup finished" in first.app_log.read_text()
    under_load, quiet = backups(one)
    with make(two) as second:
        client = Client(second.url)
        done = store("restore", str(under_load), state=two)
        assert done.returncode == 0, done.stderr
        restored = contents(client)
        assert old["filename"] in restored
        assert {path.name: path.read_bytes() for path in (under_load / "images").rglob("*.png")} == restored
        done = store("restore", str(quiet), "--force", state=two)
        assert done.returncode == 0, done.stderr
        assert contents(client) == expected
        assert len(marks(two)) == 1
        assert not marks(two) & marks(one), "the restored database is not the one of the backup"
        assert client.get(old["thumbnail_url"]).status == 200
        assert client.delete(old["filename"]).status == 200
        assert client.upload("new.png", picture()).status == 201


def test_no_list_that_was_kept_outlives_a_restore(state: Path) -> None:
    with make_stack(state) as stack:
        client = Client(stack.url)
        saved = client.upload("saved.png", picture()).json["filename"]
        assert store("backup", state=state).returncode == 0
        client.upload("later.png", picture())
        assert keep(stack, "").json["total_items"] == 2
        with load(client.list, rate=100):
            done = store("restore", str(backups(state)[-1]), "--force", state=state)
            assert done.returncode == 0, done.stderr
            assert [client.list().json["files"] for _ in range(20)] == [[saved]] * 20


def test_a_killed_backup_leaves_nothing_that_counts_or_stays(state: Path) -> None:
    with make_stack(state) as stack:
        client = Client(stack.url)
        key = client.upload("one.png", picture()).json["filename"]
        command = [sys.executable, "-m", "shoebox", "backup"]
        folder = account("www-data", "nobody").own(state / "backups")
        settings = {**stack.workers.process.env, "BACKUPS_DIR": str(folder), "PATH": os.environ["PATH"]}
        killed = kill_half_way(command, settings, folder)
        assert killed == -signal.SIGKILL
        assert backups(state) == []
        assert client.delete(key).status == 200
        assert not list((stack.layout.images / "held").iterdir())
        assert store("backup", state=state).returncode == 0
        assert [path.name for path in folder.iterdir() if path.name != ".lock"] == [backups(state)[0].name]


def kill_half_way(command: list[str], settings: Mapping[str, str], folder: Path) -> int:
    """Its exit code. Tried again if it was too quick for us."""
    for _ in range(20):
        process = subprocess.Popen(
            account("www-data", "nobody").command(command, reaching=[CHECKOUT, folder, Path(sys.prefix)]),
            env=settings,
            cwd="/",
            stderr=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + PATIENCE
        while not list(folder.glob(".unfinished-*")) and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.001)
        process.kill()
        if process.wait() == -signal.SIGKILL and not list(folder.glob("shoebox-*")):
            return process.returncode
        for path in folder.glob("shoebox-*"):
            shutil.rmtree(path)
    return 0


def test_the_schedule_begins_at_once_goes_on_and_ends_promptly_with_sigterm(state: Path) -> None:
    with make_embedded(state) as embedded:
        folder = account("www-data", "nobody").own(state / "backups")
        settings = {
            **embedded.workers.process.env,
            "BACKUPS_DIR": str(folder),
            "BACKUP_SCHEDULE": "1s",
            "PATH": os.environ["PATH"],
        }
        process = subprocess.Popen(
            account("www-data", "nobody").command(
                [sys.executable, "-m", "shoebox", "backup", "--scheduled"],
                reaching=[CHECKOUT, folder, Path(sys.prefix)],
            ),
            env=settings,
            cwd="/",
            stderr=subprocess.DEVNULL,
        )
        try:
            wait_until(lambda: len(backups(state)) >= 2, patience=PATIENCE, what="two backups are there")
        finally:
            process.terminate()
        assert process.wait(PATIENCE) == 0
        assert not list(folder.glob(".unfinished-*"))


@pytest.mark.parametrize("into", ["no_database", "tables_of_a_first_start"])
def test_the_older_scripts_dump_and_restore_by_pg_dump_and_psql(state: Path, into: str) -> None:
    with make_stack(state) as stack:
        client = Client(stack.url)
        for number in range(12):
            client.upload(f"{number}.png", picture(), fields={"collection": "old"} if number % 2 else {})
        expected = client.list(per_page=100).json
        login, admin = stack.postgres.login, stack.postgres.superuser
        env = {"PATH": os.environ["PATH"], "PGHOST": login.host, "PGPORT": str(login.port)}
        ours = {**env, "PGUSER": login.user, "PGPASSWORD": login.password}
        theirs = {**env, "PGUSER": admin.user, "PGPASSWORD": admin.password}
        dump = subprocess.run(["pg_dump", login.database], env=ours, capture_output=True, check=True).stdout
        stack.workers.stop()
        stack.pgbouncer.stop()
        subprocess.run(["dropdb", "--force", login.database], env=theirs, check=True)
        subprocess.run(["createdb", f"--owner={login.user}", login.database], env=theirs, check=True)
        psql = ["psql", "--quiet", "--output=/dev/null", login.database]
        if into == "tables_of_a_first_start":
            for file in sorted((CHECKOUT / "init-sql").glob("*.sql")):
                subprocess.run([*psql, f"--file={file}"], env=ours, stderr=subprocess.DEVNULL, check=True)
        subprocess.run(psql, env=theirs, input=dump, stderr=subprocess.DEVNULL, check=True)
        stack.pgbouncer.start()
        stack.workers.start()
        wait_until(lambda: client.get("/health").status == 200, patience=PATIENCE, what="it serves again")
        assert client.list(per_page=100).json == expected
        assert client.list(collection="old").json["total_items"] == 6
        assert client.upload("new.png", picture(), fields={"collection": "old"}).status == 201
        assert client.list(collection="old").json["total_items"] == 7


def test_make_restore_without_a_file_says_what_is_wanted() -> None:
    script = CHECKOUT / "services" / "backup" / "make.sh"
    done = subprocess.run(["sh", script, "restore"], env={"PATH": "/usr/bin:/bin"}, capture_output=True, check=False)
    assert done.returncode == 78
    assert done.stderr.startswith(b"make restore: FILE='' is not usable: allowed is a backup")
