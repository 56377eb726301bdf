"""`python -m tests.bench`: what `make bench` runs."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from tests.bench import runner
from tests.bench.arena import arena
from tests.bench.sample import Cell, Failed
from tests.bench.scenarios import SCENARIOS
from tests.bench.table import by_scenario, table
from tests.stack.process import StackError


def main() -> int:
    """Exit code 1 if anything had an error."""
    given = _arguments()
    try:
        cells = _measured(given)
    except (Failed, StackError) as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    titles = {scenario.name: scenario.title for scenario in SCENARIOS}
    for name, found in by_scenario(cells).items():
        print(f"\n### {titles[name]}\n\n{table(found)}")
    return 1 if any(cell.errors for cell in cells) else 0


def _measured(given: argparse.Namespace) -> list[Cell]:
    chosen = [scenario for scenario in SCENARIOS if scenario.name in given.scenario]
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        with arena(folder, names=given.contestants, rows=given.rows) as made:
            return runner.run(made, chosen, rounds=given.rounds, seconds=given.seconds)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench", description="Measure Shoebox and others on this machine.")
    names = [scenario.name for scenario in SCENARIOS]
    parser.add_argument("--scenario", type=_words(names), default=names, metavar=",".join(names))
    parser.add_argument("--contestants", type=lambda text: text.split(","), default=["shoebox"])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--rows", type=int, default=1000)
    return parser.parse_args()


def _words(known: list[str]) -> Callable[[str], list[str]]:
    def read(text: str) -> list[str]:
        chosen = [
            name for name in known if any(name == word or name.startswith(f"{word}-") for word in text.split(","))
        ]
        if not chosen:
            raise argparse.ArgumentTypeError(f"known are {', '.join(known)}")
        return chosen

    return read


if __name__ == "__main__":
    sys.exit(main())
