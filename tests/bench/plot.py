"""The results as a picture: requests a second of each system, as times those of a reference."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final
from xml.sax.saxutils import escape

from tests.bench.results import Results
from tests.bench.table import by_scenario, number

REFERENCE: Final = "flask"
SYSTEMS: Final = {
    "shoebox": "#2563eb",
    "ancestor": "#7c3aed",
    "flask": "#9ca3af",
    "fastapi": "#d97706",
    "flask-full": "#6b7280",
    "fastapi-full": "#92400e",
}
_LIMITS: Final = ("nginx-return", "nginx-static", "pillow")  # drawn as a line across the others' bars
_NOT_DRAWN: Final = frozenset({"memory", "statements", "scale"})  # about something else than requests a second
_WIDTH, _LEFT, _RIGHT = 900, 330, 70  # pixels
_BAR, _GAP, _TOP = 13, 16, 78
_TICKS: Final = (0.1, 0.3, 1, 3, 10, 30, 100, 300)


def plot(results: Results) -> str:
    """An SVG with a group of bars a scenario, on a logarithmic scale."""
    groups = [
        (results.titles[name], ratios)
        for name, cells in by_scenario(results.cells).items()
        if name not in _NOT_DRAWN
        and len(ratios := _ratios({cell.subject: cell.medians for cell in cells if not cell.errors})) > 1
    ]
    every = [value for _, ratios in groups for value in ratios.values()] or [1.0]
    low, high = 0.8 * min(0.1, *every), max(10.0, *every)
    scale = (_WIDTH - _LEFT - _RIGHT) / math.log(high / low)

    def x(value: float) -> float:
        return _LEFT + math.log(value / low) * scale

    bars, y = [], _TOP
    for title, ratios in groups:
        drawn = [(name, ratios[name]) for name in SYSTEMS if name in ratios]
        bottom = y + len(drawn) * _BAR
        bars.append(_text(_LEFT - 10, (y + bottom) / 2 + 4, title, anchor="end"))
        for row, (name, value) in enumerate(drawn):
            top = y + row * _BAR
            bars.append(_rect(x(low), top, x(value) - x(low), _BAR - 2, SYSTEMS[name]))
            bars.append(_text(x(value) + 4, top + _BAR - 4, f"× {number(value)}", size=10))
        bars += [_line(x(ratios[limit]), y - 3, bottom + 1, "#dc2626") for limit in _LIMITS if limit in ratios]
        y = bottom + _GAP
    grid = [_tick(x(value), value, y) for value in _TICKS if low <= value <= high]
    return _svg(y + 10, [*_legend(results), *grid, *bars])


def _ratios(medians: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    """Each subject's requests a second, times those of the reference; empty without it."""
    base = medians.get(REFERENCE, {}).get("rps")
    return {name: numbers["rps"] / base for name, numbers in medians.items() if "rps" in numbers} if base else {}


def _legend(results: Results) -> list[str]:
    parts = [_text(10, 22, f"Requests a second, times those of {REFERENCE} (logarithmic)", size=15)]
    parts.append(_text(10, 40, f"{results.date}, commit {results.commit}", size=10))
    x = 10
    for name, color in SYSTEMS.items():
        parts += [_rect(x, 50, 10, 10, color), _text(x + 14, 59, name, size=11)]
        x += 30 + 7 * len(name)
    return [*parts, _line(x, 49, 61, "#dc2626"), _text(x + 6, 59, "what Nginx or Pillow alone reach", size=11)]


def _tick(x: float, value: float, bottom: float) -> str:
    return _line(x, _TOP - 6, bottom, "#e5e7eb") + _text(x, _TOP - 8, f"{value:g}", size=9, anchor="middle")


def _svg(height: float, parts: Sequence[str]) -> str:
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height:.0f}" font-family="sans-serif">',
        f'<rect width="{_WIDTH}" height="{height:.0f}" fill="#ffffff"/>',
        *parts,
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def _rect(x: float, y: float, width: float, height: float, color: str) -> str:
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" fill="{color}"/>'


def _line(x: float, top: float, bottom: float, color: str) -> str:
    return f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{top:.1f}" y2="{bottom:.1f}" stroke="{color}" stroke-width="1.5"/>'


def _text(x: float, y: float, text: str, *, size: int = 12, anchor: str = "start") -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" fill="#111827">{escape(text)}</text>'
    )
