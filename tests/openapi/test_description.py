"""The running system is what its description says: Schemathesis asks it thousands of things."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.client import Client
from tests.stack.stack import Stack

HOOKS = "tests.openapi.hooks"
CONFIG = Path(__file__).with_name("schemathesis.toml")
CHECKOUT = Path(__file__).parents[2]
EXAMPLES = 45  # generated cases an operation and phase, at most
AT_LEAST = 2000


def test_it_is_openapi_and_has_an_etag(client: Client) -> None:
    answer = client.get("/api/openapi.json")
    assert (answer.status, answer.type, answer.json["openapi"]) == (200, "application/json", "3.1.0")
    assert client.get("/api/openapi.json", {"If-None-Match": answer.headers["ETag"]}).status == 304


@pytest.mark.timeout(1800)
def test_no_generated_request_is_answered_otherwise(stack: Stack, tmp_path: Path) -> None:
    command = [
        *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(CONFIG)),
        *("run", f"{stack.url}/api/openapi.json", "--checks", "all"),
        *("--generation-deterministic", "--max-examples", str(EXAMPLES), "--no-color"),
        *("--continue-on-failure", "--warnings", "off"),
    ]
    surroundings = os.environ | {"SCHEMATHESIS_HOOKS": HOOKS, "PYTHONPATH": str(CHECKOUT)}
    done = subprocess.run(command, cwd=tmp_path, env=surroundings, capture_output=True, text=True, timeout=1700)
    assert done.returncode == 0, done.stdout + done.stderr
    counted = re.search(r"([\d,]+) generated", done.stdout)
    assert counted is not None, done.stdout
    assert int(counted[1].replace(",", "")) >= AT_LEAST
