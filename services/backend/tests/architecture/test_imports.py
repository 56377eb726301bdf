"""Importing Shoebox does nothing: a test, a tool or a fork may import any of it at any time."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from services.backend.tests.architecture.sources import SOURCE, modules

TIMEOUT: Final = 240  # seconds; it takes a few where nobody else works
WATCHER: Final = Path(__file__).with_name("watch_imports.py")


def watched(source: Path, names: list[str]) -> list[str]:
    """What importing `names`, each one first in its turn, was seen to do."""
    command = [sys.executable, "-B", str(WATCHER), str(source), *names]
    done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT, check=False)
    assert done.returncode == 0, done.stderr
    seen: list[str] = json.loads(done.stdout.splitlines()[-1])
    return seen


def test_importing_any_module_first_does_nothing() -> None:
    assert watched(SOURCE, [module.name for module in modules() if not module.name.endswith("__main__")]) == []


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("open('/dev/null')", "open"),
        ("import pathlib\npathlib.Path('/dev/null').read_bytes()", "open"),
        ("import tempfile\ntempfile.gettempdir()", "environment"),
        ("import os\nHOME = os.environ['PATH']", "environment"),
        ("import os\nDEBUG = os.getenv('DEBUG')", "environment"),
        ("from os import environ\nDEBUG = 'DEBUG' in environ", "environment"),
        ("import logging\nlogging.basicConfig()", "logging"),
        ("import logging\nlogging.getLogger(__name__).addHandler(logging.NullHandler())", "logging"),
        ("import logging\nlogging.getLogger(__name__).setLevel('DEBUG')", "logging"),
        ("import threading\nthreading.Thread(target=print).start()", "thread"),
        ("import socket\nsocket.socket()", "socket"),
        ("import sqlite3\nsqlite3.connect(':memory:')", "sqlite3"),
        ("import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)", "signal"),
        ("import os\nos.pipe()", "descriptor"),
        ("import subprocess\nsubprocess.run(['true'])", "subprocess"),
        ("import os\nos.umask(0o077)", "umask"),
        ("print('hello')", "output"),
    ],
)
def test_a_module_that_does_something_is_found(text: str, told: str, tmp_path: Path) -> None:
    (tmp_path / "shoebox").mkdir()
    (tmp_path / "shoebox" / "__init__.py").write_text("")
    (tmp_path / "shoebox" / "busy.py").write_text(text)
    assert any(told in line for line in watched(tmp_path, ["shoebox.busy"]))
