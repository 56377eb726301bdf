"""What `make test` does about system packages that are missing, with a system made of stand-ins."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from tests.stack.checkout import CHECKOUT

TOOLS = ("sh", "ls", "printf", "cat")


def install(folder: Path, *packages: str, **programs: str) -> subprocess.CompletedProcess[str]:
    """Run install.sh where only `programs` (name: script) and a few tools exist."""
    for name in TOOLS:
        (folder / name).symlink_to(shutil.which(name) or name)
    for name, script in programs.items():
        path = folder / name.replace("_", "-")
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
    command = ["sh", str(CHECKOUT / "tests" / "install.sh"), *packages]
    return subprocess.run(command, env={"PATH": str(folder)}, capture_output=True, text=True, check=False)


def test_nothing_is_asked_for_when_nothing_is_missing(tmp_path: Path) -> None:
    done = install(tmp_path, "chromium", chromium="", apt_get="exit 1", id="echo 0")
    assert (done.returncode, done.stderr) == (0, "")


def test_without_root_one_line_says_what_is_missing_and_how_to_get_it(tmp_path: Path) -> None:
    done = install(tmp_path, "chromium", id="echo 1000", sudo="exit 1")
    assert done.returncode == 1
    assert done.stderr == "missing: chromium. Install with: sudo apt-get install chromium\n"


def test_a_sudo_that_asks_nothing_installs_what_is_missing(tmp_path: Path) -> None:
    calls = tmp_path / "calls"
    sudo = f'[ "$2" = true ] || printf "%s\\n" "$1" "$2" "$6" "$7" >{calls}'
    done = install(tmp_path, "chromium", id="echo 1000", sudo=sudo, apt_get="")
    assert done.returncode == 0
    assert calls.read_text().split() == ["-n", "sh", "install", "chromium"]


def test_every_script_is_plain_posix_shell() -> None:
    scripts = [*CHECKOUT.glob("services/*.sh"), *CHECKOUT.glob("services/nginx/*.sh"), *CHECKOUT.glob("tests/*.sh")]
    scripts += [CHECKOUT / "services" / "pgbouncer" / "render.sh", CHECKOUT / ".ci" / "run"]
    assert len(scripts) >= 6
    for script in scripts:
        subprocess.run([shutil.which("dash") or "sh", "-n", str(script)], check=True)
        assert os.linesep.encode() in script.read_bytes()
