"""`shoebox import` and `shoebox export`, as an operator runs them."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, Final
from zipfile import ZipFile

import pytest
from PIL import Image

from tests.client import Client
from tests.pictures import PHOTOS, noise, picture
from tests.robustness.command import shoebox
from tests.robustness.processes import memory
from tests.stack.embedded import Embedded
from tests.stack.process import descendants
from tests.stack.workers import SOURCE

CHECKOUT: Final = Path(__file__).parents[2]
PATIENCE: Final = 100  # seconds
MOST_MEMORY: Final = 200 * 1000 * 1000  # bytes of all processes of an import, what they share counted once
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def settings(tmp_path: Path) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(SOURCE),
        "STATE_DIR": str(tmp_path / "state"),
        "INIT_SQL_DIR": str(CHECKOUT / "init-sql"),
        "FRONTEND_DIR": str(CHECKOUT / "services" / "frontend"),
    }


@pytest.fixture
def run(settings: dict[str, str], tmp_path: Path) -> Run:
    """`shoebox` over a store of this test's own."""

    def shoebox(*arguments: str | Path, code: int = 0) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, "-m", "shoebox", *map(str, arguments)],
            cwd=tmp_path,
            env=settings,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done

    return shoebox


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Thirty pictures, one of them twice, one with a camera's words, and what is none."""
    folder = tmp_path / "pictures"
    (folder / "deeper").mkdir(parents=True)
    for number in range(28):
        (folder / f"{number:02}.png").write_bytes(picture(8 + number, 8))
    (folder / "deeper" / "again.png").write_bytes((folder / "07.png").read_bytes())
    with Image.open(PHOTOS[-1]) as photo:
        exif = Image.Exif()
        exif[0x010F] = "Camera"
        photo.convert("RGB").save(folder / "camera.jpg", exif=exif)
    (folder / "torn.jpg").write_bytes((folder / "camera.jpg").read_bytes()[:2000])
    (folder / "notes.txt").write_text("no picture")
    (folder / ".hidden.png").write_bytes(picture())
    (folder / "link.png").symlink_to(folder / "00.png")
    return folder


def exported(run: Run, tmp_path: Path) -> list[dict[str, Any]]:
    run("export", tmp_path / "all.zip")
    with ZipFile(tmp_path / "all.zip") as archive:
        assert archive.testzip() is None
        index: list[dict[str, Any]] = json.loads(archive.read("index.json"))
        assert {entry["path"] for entry in index} | {"index.json"} == set(archive.namelist())
        for entry in index:
            assert hashlib.sha256(archive.read(entry["path"])).hexdigest() == entry["sha256"]
    return index


def fingerprints(folder: Path) -> dict[str, tuple[float, bytes]]:
    return {path.name: (path.stat().st_mtime, path.read_bytes()) for path in folder.rglob("*") if path.is_file()}


def test_a_folder_is_taken_in_once_however_often_it_is_imported(run: Run, folder: Path, tmp_path: Path) -> None:
    os.utime(folder / "03.png", (1_600_000_000, 1_600_000_000))
    before = fingerprints(folder)
    first = run("import", folder, "--collection", "old")
    assert first.stdout.splitlines()[-1] == "imported 29, already there 1, refused 2"
    assert f"refused: {folder}/notes.txt: The file is not a picture" in first.stdout
    assert f"refused: {folder}/torn.jpg: " in first.stdout
    assert run("import", folder).stdout.splitlines()[-1] == "imported 0, already there 30, refused 2"
    assert fingerprints(folder) == before
    index = {entry["original_name"]: entry for entry in exported(run, tmp_path)}
    assert len(index) == 29
    assert index["03.png"]["upload_time"] == "2020-09-13T12:26:40.000000Z"
    assert {entry["collection"] for entry in index.values()} == {"old"}
    run("check")


def test_an_import_marks_the_store_as_its_databases(run: Run, folder: Path, tmp_path: Path) -> None:
    run("import", folder)
    assert len(list((tmp_path / "state" / "img_storage" / "marks").iterdir())) == 1


def test_an_import_stays_small_however_large_its_pictures_are(
    run: Run, settings: dict[str, str], tmp_path: Path
) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number in range(16):
        (folder / f"{number}.jpg").write_bytes(noise(1600, 1200, form="JPEG", quality=70))
    run("migrate")
    process = subprocess.Popen(
        [sys.executable, "-m", "shoebox", "import", str(folder), "--processes", "4"],
        cwd=tmp_path,
        env=settings,
        stdout=subprocess.DEVNULL,
    )
    seen = []
    while process.poll() is None:
        seen.append(memory([process.pid, *descendants(process.pid)]))
        time.sleep(0.02)
    assert process.returncode == 0
    assert 0 < max(seen) < MOST_MEMORY
    assert run("import", folder).stdout.splitlines()[-1] == "imported 0, already there 16, refused 0"


def test_an_import_that_was_killed_goes_on(run: Run, settings: dict[str, str], tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number in range(60):
        exif = Image.Exif()
        exif[0x010F] = f"Camera {number}"  # the store strips it: the bytes kept are others
        with Image.open(io.BytesIO(noise(300, 200 + number))) as image:
            image.save(folder / f"{number}.jpg", exif=exif)
    run("migrate")
    process = subprocess.Popen(
        [sys.executable, "-m", "shoebox", "import", str(folder)],
        cwd=tmp_path,
        env=settings,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + PATIENCE
    while sum(1 for _ in (tmp_path / "state" / "img_storage").glob("images/*/*")) < 5:
        assert time.monotonic() < deadline, "nothing was imported"
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    run("import", folder)
    assert len(exported(run, tmp_path)) == 60


def test_what_was_exported_can_be_taken_in_elsewhere(
    run: Run, folder: Path, tmp_path: Path, settings: dict[str, str]
) -> None:
    run("import", folder)
    before = exported(run, tmp_path)
    with ZipFile(tmp_path / "all.zip") as archive:
        archive.extractall(tmp_path / "unpacked")
    settings["STATE_DIR"] = str(tmp_path / "elsewhere")
    unpacked = tmp_path / "unpacked"
    run("import", unpacked / "images", "--table", unpacked / "index.json")
    known = ("original_name", "upload_time", "sha256")
    after = exported(run, tmp_path)
    assert sorted([entry[name] for name in known] for entry in after) == sorted(
        [entry[name] for name in known] for entry in before
    )


@pytest.fixture(params=["csv", "json", "sqlite"])
def older_store(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, Path]:
    """An older system's folder and table. Two of its pictures hold the same; a row has no file."""
    folder = tmp_path / "older"
    folder.mkdir()
    same = picture(9, 9)
    files = {"a1b2.png": same, "c3d4.png": same, "0123-uuid_x.png": picture()}
    for name, data in files.items():
        (folder / name).write_bytes(data)
    (tmp_path / "secret.png").write_bytes(picture())
    rows = [
        {"filename": "a1b2.png", "original_name": "One.png", "upload_time": "2024-05-06 07:08:09", "collection": "a"},
        {"filename": "c3d4.png", "original_name": "Two.png", "upload_time": "2024-05-06T07:08:10Z", "collection": ""},
        {"filename": "0123-uuid_x.png", "original_name": "Drei.png", "upload_time": "2024-05-06", "collection": "api"},
        {"filename": "gone.png", "original_name": "gone.png", "upload_time": "", "collection": ""},
        {"filename": "../secret.png", "original_name": "secret.png", "upload_time": "", "collection": ""},
    ]
    table = tmp_path / f"table.{request.param}"
    if request.param == "csv":
        with table.open("w", newline="") as file:
            writer = csv.DictWriter(file, rows[0])
            writer.writeheader()
            writer.writerows(rows)
    elif request.param == "json":
        table.write_text(json.dumps({"images": rows}))
    else:
        with closing(sqlite3.connect(table)) as database, database:
            database.execute("CREATE TABLE users (id INTEGER)")
            database.execute("CREATE TABLE images (filename, original_name, upload_time, collection)")
            database.executemany(
                "INSERT INTO images VALUES (:filename, :original_name, :upload_time, :collection)", rows
            )
    return folder, table


def test_an_older_store_keeps_its_names_and_times(run: Run, older_store: tuple[Path, Path], tmp_path: Path) -> None:
    folder, table = older_store
    first = run("import", folder, "--table", table).stdout.splitlines()
    assert first[-1] == "imported 3, already there 0, refused 2"
    assert run("import", folder, "--table", table).stdout.splitlines()[-1] == "imported 0, already there 3, refused 2"
    index = {entry["original_name"]: entry for entry in exported(run, tmp_path)}
    assert index["One.png"]["upload_time"] == "2024-05-06T07:08:09.000000Z"
    assert (index["One.png"]["collection"], index["Drei.png"]["collection"]) == ("a", None)


def test_an_older_address_leads_to_the_picture(embedded: Embedded, state: Path) -> None:
    data = picture()
    (state / "older-3f2a_1.png").write_bytes(data)
    table = state / "table.csv"
    table.write_text("filename,original_filename,uploaded_at\nuploads/older-3f2a_1.png,Old.png,1715000000\n")
    done = shoebox(embedded, "import", str(state), "--table", str(table))
    assert done.stdout.splitlines()[-1] == "imported 1, already there 0, refused 0", done.stderr
    assert Client(embedded.url).get("/images/older-3f2a_1.png").body == data
