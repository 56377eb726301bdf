"""`make stack` and `make stack-down` as a person uses them."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPException
from pathlib import Path

import pytest

from tests.client import Client
from tests.stack.checkout import CHECKOUT
from tests.stack.ports import all_free, free_row
from tests.stack.process import start_time, wait_until
from tests.stack.stub import StubWorker

PATIENCE = 90.0  # seconds
COMMAND = [sys.executable, "-m", "tests.stack"]


def environment(state: Path, **words: str) -> dict[str, str]:
    source = str(CHECKOUT / "services" / "backend" / "src")
    return {"PATH": os.environ["PATH"], "PYTHONPATH": source, "STATE_DIR": str(state), **words}


@contextmanager
def started(state: Path, **words: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    env = environment(state, WEB_SERVER_WORKERS="2", **words)
    with subprocess.Popen([*COMMAND, "up"], cwd=CHECKOUT, env=env, stdout=subprocess.PIPE, text=True) as harness:
        assert harness.stdout is not None
        try:
            line = harness.stdout.readline()
            ready = re.fullmatch(r"ready: (http://127\.0\.0\.1:\d+)\n", line)
            assert ready, line
            yield harness, ready[1]
        finally:
            harness.terminate()
            harness.wait(PATIENCE)


def down(state: Path) -> str:
    done = subprocess.run([*COMMAND, "down"], cwd=CHECKOUT, env=environment(state), capture_output=True, text=True)
    return done.stdout


def family(state: Path) -> dict[int, str]:
    """Every process a stack has written down, with its start time."""
    found = {}
    for path in (state / "stack").glob("*/pids/*"):
        with suppress(FileNotFoundError):  # forgotten meanwhile
            pid, started_at, _ = path.read_text().split()
            found[int(pid)] = started_at
    return found


def alive(processes: dict[int, str]) -> list[int]:
    return [pid for pid, started_at in processes.items() if start_time(pid) == started_at]


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
def test_it_says_where_it_is_ready_and_a_signal_stops_all_of_it(state: Path, ending: signal.Signals) -> None:
    port, start_port = free_row(1), free_row(2)
    with started(state, PORT=str(port), WEB_SERVER_START_PORT=str(start_port)) as (harness, url):
        processes = family(state)
        assert url.endswith(f":{port}")
        assert Client(url).get("/health").status == 200
        assert len(processes) == 4
        harness.send_signal(ending)
        assert harness.wait(PATIENCE) == 0
        assert alive(processes) == []
    assert {path.name for path in state.iterdir()} == {"img_storage", "logs", "stack"}
    assert all_free(port, 1)
    assert all_free(start_port, 2)


def test_what_a_killed_harness_leaves_behind_is_stopped_by_its_guard(state: Path) -> None:
    with started(state, PORT=str(free_row(1))) as (harness, _):
        processes = family(state)
        harness.kill()
        harness.wait(PATIENCE)
        wait_until(lambda: not alive(processes), patience=PATIENCE, what="all of it is gone")


def test_a_second_one_in_the_same_folder_is_refused_and_stack_down_stops_the_first(state: Path) -> None:
    with started(state, PORT=str(free_row(1))) as (harness, url):
        processes = family(state)
        env = environment(state, PORT=str(free_row(1)))
        second = subprocess.run([*COMMAND, "up"], cwd=CHECKOUT, env=env, capture_output=True, text=True)
        assert second.returncode == 1
        assert "make stack-down" in second.stderr
        assert Client(url).get("/health").status == 200
        assert down(state) == "stopped\n"
        assert harness.wait(PATIENCE) == 0
        assert alive(processes) == []
    assert down(state) == "nothing was running\n"


def test_pictures_and_secrets_are_there_at_the_next_start(state: Path) -> None:
    picture = (CHECKOUT / "tests" / "data" / "photos" / "coffee.png").read_bytes()
    with started(state, PORT=str(free_row(1))) as (_, url):
        key = Client(url).upload("coffee.png", picture).json["filename"]
    with started(state, PORT=str(free_row(1))) as (_, url):
        assert Client(url).list().json["files"] == [key]


def test_a_service_that_dies_is_started_again(state: Path) -> None:
    with started(state, PORT=str(free_row(1))) as (_, url):
        before = family(state)
        for pid in before:
            os.kill(pid, signal.SIGKILL)
        # What the dead had started may still answer: all four have to be others.
        wait_until(
            lambda: len(alive(family(state))) == len(before) and not set(before) & set(family(state)),
            patience=PATIENCE,
            what="each is another one",
        )
        wait_until(lambda: healthy(Client(url)), patience=PATIENCE, what="it is healthy")


def healthy(client: Client) -> bool:
    try:
        return client.get("/health").status == 200
    except (OSError, HTTPException):
        return False


def test_a_taken_port_and_a_bad_setting_stop_the_start_with_one_line_each(state: Path) -> None:
    port = free_row(1)
    taken = StubWorker(port)
    first = subprocess.run(
        [*COMMAND, "up"], cwd=CHECKOUT, env=environment(state, PORT=str(port)), capture_output=True, text=True
    )
    taken.close()
    second = subprocess.run(
        [*COMMAND, "up"], cwd=CHECKOUT, env=environment(state, PORT="no port"), capture_output=True, text=True
    )
    for done, name in ((first, f"PORT={port}"), (second, "PORT='no port'")):
        assert done.returncode == 1
        assert name in done.stderr
        assert len(done.stderr.splitlines()) == 1
