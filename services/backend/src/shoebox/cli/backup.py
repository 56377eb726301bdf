"""Commands for backups: backup, restore."""

from __future__ import annotations

import argparse
import logging
import signal
import sys
import threading
from pathlib import Path

from shoebox import wiring
from shoebox.cli import folders
from shoebox.cli.maintenance import failed, prepare
from shoebox.config import Config
from shoebox.domain.errors import ShoeboxError

log = logging.getLogger(__name__)


def add_backup_arguments(parser: argparse.ArgumentParser) -> None:
    """What `backup` takes besides the settings."""
    parser.add_argument("--scheduled", action="store_true", help="now, and then as BACKUP_SCHEDULE says, until SIGTERM")


def add_restore_arguments(parser: argparse.ArgumentParser) -> None:
    """What `restore` takes besides the settings."""
    parser.add_argument("file", metavar="FILE", type=Path, help="a backup's folder, or its name in BACKUPS_DIR")
    parser.add_argument("--force", action="store_true", help="also where there are pictures; they are lost")
    parser.add_argument(
        "--skip-damaged", action="store_true", help="leave out pictures that the backup has no good file of"
    )


def run(config: Config, arguments: argparse.Namespace) -> int:
    """Take a backup and print its name; exit code 1 if it failed or the store has lost pictures."""
    prepare(config)
    folders.prepare_backups(config)
    # The exception takes back what is half done, and ends pg_dump. A schedule always ends so.
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(0 if arguments.scheduled else 128 + number))
    if arguments.scheduled:
        wiring.build_backups(config).run_forever(config.backups.schedule, threading.Event().wait)
        return 0
    try:
        manifest = wiring.build_backups(config).run()
    except ShoeboxError as error:
        return _failed("backup failed", str(error))
    print(f"{config.backups.folder / manifest.name}: {manifest.pictures} pictures, {manifest.copied} of them copied")
    if manifest.lost:
        return failed(f"{manifest.lost} pictures are lost or damaged in the store; app.log names them")
    return 0


def restore(config: Config, arguments: argparse.Namespace) -> int:
    """Restore a backup; exit code 1 if it was refused, failed, or the store is not sound now."""
    prepare(config)
    try:
        wiring.migrate(config)
        restored = wiring.build_restoration(config).run(
            arguments.file, force=arguments.force, skip_damaged=arguments.skip_damaged
        )
    except ShoeboxError as error:
        return _failed("restore failed", str(error))
    report = restored.report
    print(
        f"{restored.manifest.name}: {report.rows} pictures restored, {restored.left_out} left out, "
        f"rows without a file {report.missing}"
    )
    return 0 if report.sound else 1


def _failed(what: str, reason: str) -> int:
    log.error(what, extra={"reason": reason})
    return failed(reason)
