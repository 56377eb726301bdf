"""`python -m tests.bench.contestants flask`: one of the systems alone, to be looked at, until Ctrl-C."""

from __future__ import annotations

import argparse
import signal
import tempfile
from pathlib import Path
from types import FrameType

from tests.bench.arena import BASELINES
from tests.stack.stack import Stack


def main() -> None:
    """Prints where it is. PostgreSQL comes from a stack of its own."""
    parser = argparse.ArgumentParser(prog="contestants")
    parser.add_argument("name", choices=list(BASELINES))
    name = parser.parse_args().name
    signal.signal(signal.SIGTERM, _end)
    with tempfile.TemporaryDirectory(prefix="contestant-") as folder:
        Path(folder).chmod(0o755)
        try:
            with Stack(state=Path(folder), workers=1) as stack, BASELINES[name](stack) as contestant:
                print(f"ready: {contestant.base_url}{contestant.list_path}", flush=True)
                signal.pause()
        except KeyboardInterrupt:
            print("stopped")


def _end(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
