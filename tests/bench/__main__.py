"""`python -m tests.bench`: what `make bench` runs."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.bench import runner
from tests.bench.arena import BASELINES, SHOEBOX, WORKERS, Sizes, arena
from tests.bench.report import PAGE, markdown
from tests.bench.results import LAST, Results
from tests.bench.sample import Failed
from tests.bench.scenarios import SCENARIOS
from tests.stack.checkout import CHECKOUT
from tests.stack.process import StackError


def main() -> int:
    """Exit code 1 if anything had an error."""
    given = _arguments()
    try:
        results = measured(given)
    except (Failed, StackError) as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    results.write(given.json)
    print(markdown(results))
    print(f"kept in {given.json}; make bench-report puts it into {PAGE.relative_to(CHECKOUT)}", file=sys.stderr)
    return 1 if results.errors else 0


def measured(given: argparse.Namespace) -> Results:
    """Start everything, measure, stop everything."""
    chosen = [scenario for scenario in SCENARIOS if scenario.name in given.scenario]
    sizes = Sizes(rows=given.rows, many=given.many, checks=given.checks)
    options = {"rounds": str(given.rounds), "seconds of a measurement": f"{given.seconds:g}", "workers": str(WORKERS)}
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        with arena(folder, names=given.contestants, sizes=sizes) as running:
            cells = runner.run(running, chosen, rounds=given.rounds, seconds=given.seconds)
        return Results.of(
            cells, folder=folder, options=options, titles={scenario.name: scenario.title for scenario in chosen}
        )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench", description="Measure Shoebox and others on this machine.")
    names = [scenario.name for scenario in SCENARIOS]
    known, sizes = [SHOEBOX, *BASELINES], Sizes()
    parser.add_argument("--scenario", type=_scenarios(names), default=names, metavar=",".join(names))
    parser.add_argument("--contestants", type=_exactly(known), default=known, metavar=",".join(known))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=4, help="of each measurement")
    parser.add_argument("--rows", type=int, default=sizes.rows, help="pictures that each holds")
    parser.add_argument("--many", type=int, default=sizes.many, help="rows of the large store")
    parser.add_argument("--checks", type=int, default=sizes.checks, help="lists that are compared with what is true")
    parser.add_argument("--json", type=Path, default=LAST, metavar="FILE", help="where the results are kept")
    return parser.parse_args()


def _scenarios(known: Sequence[str]) -> Callable[[str], list[str]]:
    """`upload` means every scenario whose name begins so."""

    def read(text: str) -> list[str]:
        words = text.split(",")
        if unknown := [word for word in words if not any(name.startswith(word) for name in known)]:
            raise argparse.ArgumentTypeError(f"no {', '.join(unknown)}; known are {', '.join(known)}")
        return [name for name in known if name.startswith(tuple(words))]

    return read


def _exactly(known: Sequence[str]) -> Callable[[str], list[str]]:
    def read(text: str) -> list[str]:
        words = text.split(",")
        if unknown := [word for word in words if word not in known]:
            raise argparse.ArgumentTypeError(f"no {', '.join(unknown)}; known are {', '.join(known)}")
        return words

    return read


if __name__ == "__main__":
    sys.exit(main())
