"""What every part of the stack can do."""

from __future__ import annotations

import os
import subprocess
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from tests.stack.accounts import Account
from tests.stack.process import Process, StackError


class Service(ABC):
    """A part of the stack: one process and all that it starts."""

    process: Process

    @abstractmethod
    def start(self) -> None:
        """Start; an earlier process must be gone."""

    def stop(self) -> None:
        """Stop in good order; nothing of it is left."""
        self.process.stop()

    def kill(self) -> None:
        """`kill -9` of all its processes, as a power cut would."""
        self.process.kill()

    def restart(self) -> None:
        """Stop in good order and start again on the same ports."""
        self.stop()
        self.start()


def configure(account: Account, argv: Sequence[str], *, settings: Mapping[str, str], reaching: Iterable[Path]) -> None:
    """Run what writes or checks a configuration, with `settings` as its environment. Raises `StackError`
    with its words when it refuses."""
    done = subprocess.run(
        account.command(argv, reaching=reaching),
        env={"PATH": os.environ["PATH"], **settings},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise StackError(done.stderr.strip())
