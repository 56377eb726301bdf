"""Commands that look after the store: migrate, sweep, check."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Mapping

from shoebox import logs, wiring
from shoebox.app.sweep import Progress, SweepReport
from shoebox.cli import folders
from shoebox.config import Config
from shoebox.domain.errors import ShoeboxError

log = logging.getLogger("shoebox.maintenance")

BAR_WIDTH = 30  # characters; fits beside the figures on a narrow terminal


def migrate(config: Config, environ: Mapping[str, str]) -> int:
    """Create or upgrade the schema; prints what was applied."""
    del environ
    _prepare(config)
    try:
        for version in wiring.migrate(config):
            print(f"applied {version}")
    except ShoeboxError as error:
        return _failed(error)
    return 0


def sweep(config: Config, environ: Mapping[str, str]) -> int:
    """Remove leftovers and report; exit code 1 if a row has no file."""
    del environ
    return _over_the_store(config, lambda sweeper, watch: sweeper.sweep(watch))


def check(config: Config, environ: Mapping[str, str]) -> int:
    """Only report; exit code 1 if the store is not sound."""
    del environ
    return _over_the_store(config, lambda sweeper, watch: sweeper.check(watch))


def _over_the_store(config: Config, work: Callable[[wiring.Sweeper, Callable[[Progress], None]], SweepReport]) -> int:
    _prepare(config)
    try:
        report = work(wiring.build_sweeper(config), _show_bar if sys.stderr.isatty() else _show_nothing)
    except ShoeboxError as error:
        return _failed(error)
    if sys.stderr.isatty():
        print(file=sys.stderr)
    print(
        f"files {report.files}, rows {report.rows}, removed {report.removed}, leftovers {report.leftovers}, "
        f"files without a row {report.strays}, rows without a file {report.missing}"
    )
    for key in report.missing_keys:
        print(f"row without a file: {key}")
    return 0 if report.sound else 1


def _prepare(config: Config) -> None:
    folders.prepare(config)
    logs.configure(
        config.logs.folder, level=config.logs.level, style=config.logs.format, request_id=wiring.current_request_id
    )


def _failed(error: ShoeboxError) -> int:
    print(f"shoebox: {error}", file=sys.stderr)
    return 1


def _show_nothing(_: Progress) -> None:
    """Nobody watches: a log keeps no moving bar."""


def _show_bar(progress: Progress) -> None:
    if progress.total:
        filled = BAR_WIDTH * progress.done // progress.total
        bar = "█" * filled + "·" * (BAR_WIDTH - filled)
        text = f"{progress.phase.value:>9} {bar} {progress.done}/{progress.total}"
    else:
        text = f"{progress.phase.value:>9} {progress.done}"
    print(f"\r{text}\x1b[K", end="", file=sys.stderr, flush=True)
