"""Lines in app.log: whole, none lost, none forged."""

from __future__ import annotations

import json
import logging
import os
import re
from pathlib import Path

import pytest

from shoebox import logs

FORGERY = 'x"\n2026-01-01T00:00:00Z INFO forged - \x1b[31mred\u202e'


def record(**fields: object) -> logging.LogRecord:
    made = logging.makeLogRecord({"name": "shoebox.test", "levelname": "INFO", "msg": "image stored"})
    made.__dict__.update(fields)
    return made


def test_a_text_line_holds_time_level_room_request_and_fields() -> None:
    line = logs.TextFormatter(lambda: "req-1").format(record(key="a.jpg", bytes=3))
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+Z INFO shoebox\.test req-1 image stored key=a\.jpg bytes=3", line)


@pytest.mark.parametrize("formatter", [logs.TextFormatter, logs.JsonFormatter])
def test_no_client_text_can_forge_or_break_a_line(
    formatter: type[logs.TextFormatter] | type[logs.JsonFormatter],
) -> None:
    line = formatter(lambda: "").format(record(name_given=FORGERY))
    assert line.isprintable()


def test_a_json_line_has_the_agreed_keys() -> None:
    line = json.loads(logs.JsonFormatter(lambda: "req-1").format(record(key="a.jpg")))
    assert {"asctime", "name", "levelname", "message", "request_id", "key"} == set(line)


def test_an_exception_stays_on_its_line() -> None:
    try:
        raise ValueError("two\nlines")
    except ValueError as error:
        made = record(exc_info=(type(error), error, error.__traceback__))
    line = logs.TextFormatter(lambda: "").format(made)
    assert "\n" not in line
    assert "ValueError" in line


def test_many_processes_and_rotations_lose_and_tear_no_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "LOOK_INTERVAL", 0.0)
    writers, lines = 4, 2000
    children = []
    for writer in range(writers):
        child = os.fork()
        if child == 0:
            file = logs.LogFile(tmp_path / "app.log", max_bytes=32_000, kept=1000)
            for number in range(lines):
                file.write(f"{writer}:{number}:{'x' * (number % 80)}\n".encode())
            os._exit(0)
        children.append(child)
    assert [os.waitpid(child, 0)[1] for child in children] == [0] * writers
    files = [file for file in tmp_path.iterdir() if file.suffix != ".lock"]
    assert len(files) > 5
    found = sorted(line for file in files for line in file.read_text().splitlines())
    assert found == sorted(f"{w}:{n}:{'x' * (n % 80)}" for w in range(writers) for n in range(lines))
