"""`python -m tests.bench.report [FILE]`: results as people read them, docs/benchmarks.md and its picture."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tests.bench.plot import plot
from tests.bench.results import LAST, Results
from tests.bench.table import by_scenario, number, table
from tests.bench.targets import OURS, Verdict, verdicts
from tests.stack.checkout import CHECKOUT

PAGE: Final = CHECKOUT / "docs" / "benchmarks.md"
PICTURE: Final = CHECKOUT / "docs" / "benchmarks.svg"
BEGIN: Final = "<!-- measured: written by `make bench-report` -->"
END: Final = "<!-- measured: end -->"


def markdown(results: Results) -> str:
    """The targets first, then a table a scenario."""
    parts = [_where(results)]
    if found := verdicts(results.cells):
        parts.append(f"### Targets\n\n{_targets(found, results)}")
    if results.errors:
        parts.append("### Errors\n\n" + "\n".join(f"- {error}" for error in results.errors))
    if generator := _generator(results):
        parts.append(f"### The load generator\n\n{generator}")
    for name, cells in by_scenario(results.cells).items():
        parts.append(f"### {results.titles[name]}\n\n{table(cells)}")
    return "\n\n".join(parts) + "\n"


def _where(results: Results) -> str:
    machine = ", ".join(f"{name}: {value}" for name, value in results.machine.items())
    options = ", ".join(f"{name}: {value}" for name, value in results.options.items())
    return f"{results.date}, commit {results.commit}. {machine}. {options}."


def _targets(found: Sequence[Verdict], results: Results) -> str:
    lines = ["| scenario | number | wanted | measured | |", "| --- | --- | --: | --: | --- |"]
    for verdict in found:
        value = number(verdict.value) if verdict.value is not None else ""
        word = "met" if verdict.met else "**not met**" if verdict.value is not None else "not measured"
        word = f"{word}; {verdict.remark}" if verdict.remark else word
        title = results.titles[verdict.scenario]
        lines.append(f"| {title} | {verdict.what} | {verdict.bound} | {value} | {word} |")
    word = "met" if not results.errors else "**not met**"
    lines.append(f"| all | errors | 0 | {len(results.errors)} | {word} |")
    return "\n".join(lines)


def _generator(results: Results) -> str:
    """Whether wrk itself could have been what was slow."""
    used = {
        cell.scenario: cell.medians["wrk_cores"]
        for cell in results.cells
        if cell.subject == OURS and not cell.errors and "wrk_cores" in cell.medians
    }
    if not used:
        return ""
    most = max(used, key=lambda name: used[name])
    said = f"wrk took at most {number(used[most])} cores while it measured us ({results.titles[most]})"
    lists = {
        cell.subject: cell.medians for cell in results.cells if cell.scenario == "list-unchanged" and not cell.errors
    }
    if not {OURS, "nginx-return"} <= lists.keys():
        return f"{said}."
    reached = lists["nginx-return"]["rps"]
    times = reached / lists[OURS]["rps"]
    return f"{said}; where an answer costs nothing it reached {number(reached)} requests/s, × {number(times)} of ours."


def write(results: Results) -> None:
    """Put the results into the page, in the place of those before, and draw the picture."""
    before, _, rest = PAGE.read_text().partition(BEGIN)
    after = rest.partition(END)[2]
    drawn = f"![Requests a second, compared]({PICTURE.name})"
    PAGE.write_text(f"{before}{BEGIN}\n\n## Results\n\n{drawn}\n\n{markdown(results)}\n{END}{after}")
    PICTURE.write_text(plot(results))


if __name__ == "__main__":
    write(Results.read(Path(sys.argv[1]) if len(sys.argv) > 1 else LAST))
