"""What a start says when it can't be: one line for each thing to mend."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.client import Client
from tests.stack.embedded import Embedded
from tests.stack.logs import mentions
from tests.stack.ports import free_port
from tests.stack.process import wait_until
from tests.stack.workers import SOURCE

PATIENCE = 100  # seconds
BAD_CONFIGURATION = 78
UNAVAILABLE = 69


def serve(tmp_path: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(SOURCE), "STATE_DIR": str(tmp_path), **settings}
    return subprocess.run(
        [sys.executable, "-m", "shoebox", "serve"],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )


def test_bad_settings_stop_the_start_with_one_line_each(tmp_path: Path) -> None:
    ended = serve(tmp_path, PORT="eighty", MAX_FILE_SIZE="20M", LOG_LEVEL="LOUD")
    assert ended.returncode == BAD_CONFIGURATION
    lines = ended.stderr.splitlines()
    assert len(lines) == 3
    for variable, value in {"PORT": "eighty", "MAX_FILE_SIZE": "20M", "LOG_LEVEL": "LOUD"}.items():
        assert any(variable in line and value in line and "allowed is" in line for line in lines)


def test_a_folder_that_cannot_be_written_to_is_named_with_the_way_out(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    ended = serve(tmp_path, IMAGES_DIR=str(tmp_path / "file" / "pictures"))
    assert ended.returncode == BAD_CONFIGURATION
    (line,) = ended.stderr.splitlines()
    assert "IMAGES_DIR" in line
    assert str(tmp_path / "file" / "pictures") in line
    assert "chown" in line


def test_a_schema_that_the_database_refuses_stops_the_start_with_its_words(tmp_path: Path) -> None:
    schema = tmp_path / "schema" / "sqlite"
    schema.mkdir(parents=True)
    (schema / "1-bad.sql").write_text("CREATE TABLE pictures (n INTEGER, n INTEGER);")
    ended = serve(tmp_path, INIT_SQL_DIR=str(schema.parent))
    assert ended.returncode == UNAVAILABLE
    assert "1-bad.sql: duplicate column name: n" in ended.stderr + ended.stdout


def test_a_taken_port_is_named(tmp_path: Path, embedded: Embedded) -> None:
    ended = serve(tmp_path, PORT=str(embedded.port), BIND="127.0.0.1")
    assert ended.returncode != 0
    assert str(embedded.port) in ended.stderr


def test_settings_may_come_from_a_file_and_missing_folders_are_made(state: Path) -> None:
    port = free_port()
    folder = state / "deep" / "below"
    folder.mkdir(parents=True)
    with Embedded(state=folder, port=port, settings={"ENVIRONMENT": "", "RATE_LIMIT": ""}) as embedded:
        assert Client(embedded.url).get("/health").json["environment"] == "production"
        assert embedded.layout.images.is_dir()


def test_a_reload_with_a_bad_setting_keeps_serving(state: Path) -> None:
    with Embedded(state=state) as embedded:
        client = Client(embedded.url)
        (embedded.layout.work / "workers" / ".env").write_text("MAX_FILE_SIZE=nonsense\n")
        embedded.workers.reload()
        wait_until(
            lambda: environment(client) == "production" and mentions(embedded.app_log, "reload refused"),
            patience=PATIENCE,
            what="the setting is refused",
        )
        (embedded.layout.work / "workers" / ".env").write_text("ENVIRONMENT=renewed\n")
        embedded.workers.reload()
        wait_until(lambda: environment(client) == "renewed", patience=PATIENCE, what="the new setting holds")


def environment(client: Client) -> str:
    """As a healthy system says it."""
    answer = client.get("/health")
    assert answer.status == 200
    return str(answer.json["environment"])


def test_the_rate_limit_holds_over_all_workers(state: Path) -> None:
    with Embedded(state=state, workers=2, settings={"RATE_LIMIT": "5"}) as embedded:
        client = Client(embedded.url)
        answers = [client.delete("aaaaaaaaaaaa.jpg") for _ in range(8)]
        assert [answer.status for answer in answers] == [404] * 5 + [429] * 3
        assert answers[-1].json["code"] == "rate_limited"
        assert 1 <= int(answers[-1].headers["Retry-After"]) <= 60
        assert client.list().status == 200


def test_another_sites_scripts_may_ask_only_where_that_was_allowed(state: Path) -> None:
    with Embedded(state=state, settings={"CORS_ORIGINS": "https://friend.example"}) as embedded:
        client = Client(embedded.url)
        friend, stranger = {"Origin": "https://friend.example"}, {"Origin": "https://stranger.example"}
        preflight = client.request(
            "OPTIONS", "/api/upload/", headers=friend | {"Access-Control-Request-Method": "POST"}
        )
        assert preflight.status in {200, 204}
        assert preflight.headers["Access-Control-Allow-Origin"] == "https://friend.example"
        assert client.get("/api/images/", friend).headers["Access-Control-Allow-Origin"] == "https://friend.example"
        assert "Access-Control-Allow-Origin" not in client.get("/api/images/", stranger).headers
        assert client.delete("aaaaaaaaaaaa.jpg", friend).status == 404
        assert client.delete("aaaaaaaaaaaa.jpg", stranger).status == 403


def test_the_command_of_the_readme_works_from_any_folder(tmp_path: Path) -> None:
    command = Path(sys.prefix) / "bin" / "shoebox"
    settings = {"STATE_DIR": str(tmp_path)}
    assert subprocess.run([command, "migrate"], env=settings, cwd=tmp_path, timeout=PATIENCE).returncode == 0
    checked = subprocess.run(
        [command, "check"], env=settings, cwd=tmp_path, capture_output=True, text=True, timeout=PATIENCE
    )
    assert checked.returncode == 0
    assert "rows without a file 0" in checked.stdout
