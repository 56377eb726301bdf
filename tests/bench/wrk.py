"""One run of the load generator wrk, and what it saw."""

from __future__ import annotations

import json
import math
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from tests.bench.sample import Failed, Sample

LUA: Final = Path(__file__).parent / "lua"
TIMEOUT: Final = 30  # seconds; an answer that takes longer is an error
_PATIENCE: Final = 60.0  # seconds beyond its time, after which wrk itself hangs
_NOTHING: Final[Mapping[str, str]] = {}
_ERRORS: Final = ("connect", "read", "write", "status", "timeout")


def run(
    url: str,
    *,
    clients: int,
    seconds: float,
    script: str = "same",
    words: Mapping[str, str] = _NOTHING,
    threads: int | None = None,
) -> Sample:
    """Load `url` for `seconds` (a part of one too) with the script lua/`script`.lua, which reads `words` (BENCH_…).

    Without `threads` it is one for one client and two for more. Raises `Failed` with wrk's own
    words if it does not come to an end; an error of a request is counted in the sample.
    """
    program = shutil.which("wrk")
    if program is None:
        raise Failed("wrk is not installed: apt-get install wrk")
    argv = [program, f"-t{threads or min(clients, 2)}", f"-c{clients}", f"-d{math.ceil(seconds)}s"]
    argv += [f"--timeout={TIMEOUT}s", "-s", str(LUA / f"{script}.lua"), url]
    environment = {**os.environ, "BENCH_LUA": str(LUA), **{f"BENCH_{name}": value for name, value in words.items()}}
    before = os.times()
    out, err = _output(argv, environment, seconds)
    after = os.times()
    found = re.search(r"^RESULT (.*)$", out, re.MULTILINE)
    if found is None:
        raise Failed(f"wrk at {url}: {(err or out).strip()}")
    used = after.children_user + after.children_system - before.children_user - before.children_system
    return _sample(json.loads(found[1]), used)


def _output(argv: Sequence[str], environment: Mapping[str, str], seconds: float) -> tuple[str, str]:
    with subprocess.Popen(argv, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
        try:
            if seconds != math.ceil(seconds):  # wrk itself knows whole seconds only
                with suppress(subprocess.TimeoutExpired):
                    return child.communicate(timeout=seconds)
                child.send_signal(signal.SIGINT)
            return child.communicate(timeout=seconds + _PATIENCE)
        except subprocess.TimeoutExpired as error:
            raise Failed("wrk hangs") from error
        finally:
            child.kill()


def _sample(told: Mapping[str, float], used: float) -> Sample:
    errors = ", ".join(f"{told[name]:.0f} {name}" for name in _ERRORS if told[name])
    values = {
        "rps": told["requests"] / told["seconds"],
        "p50_ms": told["p50_ms"],
        "p99_ms": told["p99_ms"],
        "wrk_cores": used / told["seconds"],
    }
    if not told["requests"]:
        errors = "no answer within the time"
    return Sample(values=values, requests=int(told["requests"]), errors=errors)
