"""The Docker engine of this machine, and whether there is or can be one."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

from tests.stack.process import StackError, wait_until

PATIENCE: Final = 900.0  # seconds for one command; building takes longest, where nothing is there yet
_LOOK: Final = 0.2  # seconds between two looks that cost a command each
_ENGINE: Final = Path(__file__).with_name("engine.sh")
_CAP_SYS_ADMIN: Final = 21  # linux/capability.h: an engine mounts file systems


def docker(*argv: str, env: Mapping[str, str] | None = None, given: str | None = None) -> str:
    """What `docker ARGV…` prints. Raises `StackError` with its words when it fails."""
    return _run(["docker", *argv], env=env, given=given)


def _run(argv: Sequence[str], *, env: Mapping[str, str] | None = None, given: str | None = None) -> str:
    done = subprocess.run(
        argv,
        env={**_environment(), **(env or {})},
        input=given,
        stdin=subprocess.DEVNULL if given is None else None,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    if done.returncode:
        raise StackError(f"{' '.join(argv)}: {done.stderr.strip()[-4000:]}")
    return done.stdout


def wait_for(ready: Callable[[], bool], *, patience: float, what: str) -> None:
    """`wait_until`, for what only the engine can say. One that is too busy to say it is asked again."""
    problem: StackError | None = None

    def look() -> bool:
        nonlocal problem
        try:
            if ready():
                return True
        except StackError as error:
            problem = error
        else:
            problem = None
        time.sleep(_LOOK)
        return False

    try:
        wait_until(look, patience=patience, what=what)
    except StackError as error:
        raise problem or error from error


def insist(command: Callable[[], object], *, patience: float) -> None:
    """A command that fails while something is still in use or the engine is busy, again and again until
    it succeeds. Raises its last `StackError` when `patience` (seconds) runs out."""

    def done() -> bool:
        command()
        return True

    wait_for(done, patience=patience, what="a command succeeds")


def _environment() -> dict[str, str]:
    """None of the settings of the person at the keyboard."""
    kept = ("PATH", "HOME", "DOCKER_HOST", "DOCKER_CONFIG", "PIP_INDEX_URL")
    return {name: os.environ[name] for name in kept if name in os.environ}


@cache
def why_not() -> str:
    """Why there is no engine and none can be made, in one line; empty if there is or can be one."""
    if _answers():
        return ""
    if os.geteuid() != 0 or not _may_mount():
        return "no Docker engine runs here, and only root (with CAP_SYS_ADMIN) could start one"
    if not (shutil.which("dockerd") or shutil.which("apt-get")):
        return "there is no Docker engine here, and no apt-get to install one"
    return ""


def _answers() -> bool:
    try:
        return subprocess.run(["docker", "info"], capture_output=True, timeout=20, check=False).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def _may_mount() -> bool:
    status = Path("/proc/self/status").read_text()
    held = int(next(line.split()[1] for line in status.splitlines() if line.startswith("CapEff:")), 16)
    return bool(held >> _CAP_SYS_ADMIN & 1)


def inspect(container: str) -> dict[str, Any]:
    """What the engine knows of a container."""
    return dict(json.loads(docker("inspect", container))[0])


def start_engine() -> bool:
    """Make sure that there is an engine; True if it was started for us and has to be stopped."""
    return "started" in _run(["sh", str(_ENGINE), "start"])


def stop_engine() -> None:
    """Stop the engine that was started for us."""
    _run(["sh", str(_ENGINE), "stop"])


def base_images() -> dict[str, str]:
    """What our images are built on: settings of docker-compose.yml."""
    lines = _run(["sh", str(_ENGINE), "images"]).splitlines()
    return dict(line.split("=", 1) for line in lines)


def remove_images(tag: str) -> None:
    """Remove our images of this tag."""
    found = docker("image", "ls", "--quiet", "--filter", f"reference=shoebox-*:{tag}").split()
    if found:
        docker("image", "rm", "--force", *set(found))
