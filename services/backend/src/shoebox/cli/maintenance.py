"""Commands that look after the store: migrate, sweep, check."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from datetime import timedelta
from typing import Final

from shoebox import logs, wiring
from shoebox.app.marks import REMEDY
from shoebox.app.sweep import GRACE, Progress, Report, Sweeper, SweepReport, silent
from shoebox.cli import folders
from shoebox.config import Config
from shoebox.domain.errors import ShoeboxError

BAR_WIDTH: Final = 30  # characters; fits beside the figures on a narrow terminal


def migrate(config: Config, _: argparse.Namespace) -> int:
    """Create or upgrade the schema; prints what was applied."""
    prepare(config)
    try:
        for version in wiring.migrate(config):
            print(f"applied {version}")
    except ShoeboxError as error:
        return failed(str(error))
    return 0


def add_sweep_arguments(parser: argparse.ArgumentParser) -> None:
    """What `sweep` takes besides the settings."""
    parser.add_argument(
        "--grace",
        type=float,
        default=GRACE.total_seconds(),
        metavar="SECONDS",
        help="leave files younger than this alone (default %(default)g); less only while nobody uploads",
    )
    parser.add_argument("--force", action="store_true", help="remove files even if most of them have no row")
    parser.add_argument(
        "--claim",
        action="store_true",
        help="make the store this database's alone, now that others with pictures in it are given up",
    )


def sweep(config: Config, arguments: argparse.Namespace) -> int:
    """Remove leftovers, and uploads in pieces that expired, and report; exit code 1 if a row has no file.

    Where most files have no row it removes nothing without `--force`: more likely than a
    store of leftovers is a database that belongs to another store. Where another database may
    have pictures it removes nothing without `--claim`.
    """

    def work(sweeper: Sweeper, watch: Report) -> SweepReport | None:
        if not arguments.claim:
            sweeper.require_alone()
        if expired := wiring.sweep_uploads(config):
            print(f"expired uploads {expired}")
        if not arguments.force and sweeper.check(watch).doubtful:
            return None
        if arguments.claim:
            sweeper.claim()
        return sweeper.sweep(watch)

    return _over_the_store(config, work, grace=timedelta(seconds=arguments.grace))


def check(config: Config, _: argparse.Namespace) -> int:
    """Only report; exit code 1 if the store is not sound or not this database's alone."""
    return _over_the_store(config, lambda sweeper, watch: sweeper.check(watch), grace=GRACE)


def _over_the_store(config: Config, work: Callable[[Sweeper, Report], SweepReport | None], *, grace: timedelta) -> int:
    prepare(config)
    watched = sys.stderr.isatty()
    try:
        report = work(wiring.build_sweeper(config, grace=grace), _show_bar if watched else silent)
    except ShoeboxError as error:
        return failed(str(error))
    if watched:
        print(file=sys.stderr)
    if report is None:
        return failed("most files have no row: is this the right database? Nothing was removed; --force does it")
    print(
        f"files {report.files}, rows {report.rows}, removed {report.removed}, leftovers {report.leftovers}, "
        f"files without a row {report.strays}, rows without a file {report.missing}"
    )
    for key in report.missing_keys:
        print(f"row without a file: {key}")
    if report.others:
        return failed(REMEDY)
    return 0 if report.sound else 1


def prepare(config: Config, *, quiet: bool = False) -> None:
    """Folders and logs, as every command needs them; `quiet` keeps the console for something
    else. Raises `ConfigError`."""
    folders.prepare(config)
    logs.configure(
        config.logs.folder,
        level=config.logs.level,
        style=config.logs.format,
        request_id=wiring.current_request_id,
        quiet=quiet,
    )


def failed(reason: str) -> int:
    """Tell why on standard error; the exit code."""
    print(f"shoebox: {reason}", file=sys.stderr)
    return 1


def _show_bar(progress: Progress) -> None:
    if progress.total:
        filled = BAR_WIDTH * progress.done // progress.total
        bar = "█" * filled + "·" * (BAR_WIDTH - filled)
        text = f"{progress.phase.value:>9} {bar} {progress.done}/{progress.total}"
    else:
        text = f"{progress.phase.value:>9} {progress.done}"
    print(f"\r{text}\x1b[K", end="", file=sys.stderr, flush=True)
