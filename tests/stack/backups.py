"""`python -m tests.stack.backups backup|restore FILE`: what `make backup` and `make restore` run.

The store is that of the stack which runs in STATE_DIR (or in the checkout), else the embedded
one. The stack's settings are those that its workers run with: nobody has to repeat them.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from tests.stack.accounts import account
from tests.stack.checkout import CHECKOUT
from tests.stack.layout import Layout
from tests.stack.process import start_time
from tests.stack.workers import SOURCE

_KEPT: Final = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR")  # of our own environment, for the stack's


def main() -> int:
    """The exit code of `shoebox backup` or `shoebox restore`."""
    arguments = [_absolute(argument) for argument in sys.argv[1:]]
    state = Path(os.environ["STATE_DIR"]).absolute() if os.environ.get("STATE_DIR") else None
    work = Layout.of(state, {}).work
    settings = settings_of(work)
    if settings is None:
        embedded = (state or CHECKOUT / ".state") / "shoebox.db"
        if (work / "postgres").exists() and not embedded.exists():
            print(f"make: the stack in {work} does not run; its database has to: make stack", file=sys.stderr)
            return 1
        return subprocess.run([sys.executable, "-m", "shoebox", *arguments], check=False).returncode
    backups = os.environ.get("BACKUPS_DIR") or settings.get("BACKUPS_DIR") or (state or CHECKOUT) / "backups"
    return shoebox(arguments, settings={**settings, "BACKUPS_DIR": str(Path(backups).absolute())})


def settings_of(work: Path) -> dict[str, str] | None:
    """The environment of the workers that run in `work`; None where none do."""
    for record in work.glob("workers/pids/workers.*"):
        pid, started, _ = record.read_text().split()
        if start_time(int(pid)) == started:
            entries = Path(f"/proc/{pid}/environ").read_text().split("\0")
            return dict(entry.split("=", 1) for entry in entries if "=" in entry)
    return None


def shoebox(arguments: Sequence[str], *, settings: Mapping[str, str]) -> int:
    """Run a command as the workers' user, who owns the pictures, with their settings."""
    user = account("www-data", "nobody")
    backups = user.own(Path(settings["BACKUPS_DIR"]))
    files = [Path(argument) for argument in arguments if argument.startswith("/")]
    command = user.command(
        [sys.executable, "-m", "shoebox", *arguments],
        reaching=[SOURCE, Path(sys.prefix), Path(sys.base_prefix), backups, *files],
    )
    own = {name: os.environ[name] for name in _KEPT if name in os.environ}
    return subprocess.run(command, env={**own, **settings}, cwd="/", check=False).returncode


def _absolute(argument: str) -> str:
    """A path that is there, whatever folder the command runs in; anything else as it is."""
    return str(Path(argument).absolute()) if "/" in argument and Path(argument).exists() else argument


if __name__ == "__main__":
    sys.exit(main())
