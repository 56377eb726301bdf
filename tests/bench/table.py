"""Results as a table in Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from tests.bench.sample import Cell

_HEADINGS: Final = {
    "rps": "requests/s",
    "p50_ms": "p50 ms",
    "p99_ms": "p99 ms",
    "cpu_ms": "CPU ms a request",
    "written_rps": "requests/s, all written",
    "wrk_cores": "wrk, cores",
    "idle_mib": "idle MiB",
    "peak_mib": "peak MiB",
    "after_mib": "afterwards MiB",
    "ready_s": "ready, seconds",
    "small_ms": "1,000 pictures, p50 ms",
    "large_ms": "many pictures, p50 ms",
    "large_to_small": "ratio",
    "right": "right lists",
    "asked": "lists asked for",
    "read_meanwhile": "lists read meanwhile",
    "insert_few_us": "row among few, CPU µs",
    "delete_few_us": "its deletion, CPU µs",
    "insert_many_us": "row among many, CPU µs",
    "delete_many_us": "its deletion, CPU µs",
}
_RATED: Final = "rps"  # what the ratios to the others are of


def table(cells: Sequence[Cell]) -> str:
    """The cells of one scenario: a line a subject, with its ratio to each line before it."""
    names = list(dict.fromkeys(name for cell in cells for name in cell.medians)) or ["result"]
    rated = [cell for cell in cells if _RATED in cell.medians and not cell.errors]
    head = ["", *(_HEADINGS.get(name, name.replace("_", " ")) for name in names)]
    ours = rated[0].medians[_RATED] if len(rated) > 1 and rated[0].subject == "shoebox" else 0.0
    if ours:
        head += ["Shoebox is"]
    lines = [head, ["---", *["--:"] * (len(head) - 1)]]
    for cell in cells:
        if cell.errors:
            lines.append([cell.subject, f"error: {cell.errors}", *[""] * (len(head) - 2)])
            continue
        line = [cell.subject, *(number(cell.medians[name]) if name in cell.medians else "" for name in names)]
        if ours:
            line.append(f"× {number(ours / cell.medians[_RATED])}" if cell in rated else "")
        lines.append(line)
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def number(value: float) -> str:
    """Three digits that count, none of them made up."""
    if value >= 100:
        return f"{value:,.0f}"
    if value >= 0.1:
        return f"{value:.1f}" if value >= 10 else f"{value:.2f}"
    return f"{value:.3f}" if value >= 0.02 else f"{value:.4f}"


def by_scenario(cells: Sequence[Cell]) -> Mapping[str, list[Cell]]:
    """The cells of each scenario, in order."""
    found: dict[str, list[Cell]] = {}
    for cell in cells:
        found.setdefault(cell.scenario, []).append(cell)
    return found
