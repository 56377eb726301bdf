"""`shoebox COMMAND` as an operator runs it beside a running system."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Final

from tests.stack.embedded import Embedded
from tests.stack.stack import Stack

PATIENCE: Final = 100.0  # seconds


def shoebox(topology: Embedded | Stack, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run it with the settings and the account of the topology's workers."""
    process = topology.workers.process
    return subprocess.run(
        process.account.command(
            [sys.executable, "-m", "shoebox", *arguments], reaching=[process.folder, *process.reaching]
        ),
        cwd=process.folder,
        env={"PATH": os.environ["PATH"], **process.env},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
