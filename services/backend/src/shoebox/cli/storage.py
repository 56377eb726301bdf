"""`shoebox storage copy`: bring the pictures of one store to another."""

from __future__ import annotations

import argparse
import sys

from shoebox import wiring
from shoebox.app.copy import Outcome
from shoebox.cli.maintenance import BAR_WIDTH, failed, prepare
from shoebox.config import Config, ConfigError
from shoebox.domain.errors import ShoeboxError

STORES = ("disk", "s3")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What `storage` takes besides the settings."""
    parser.add_argument("action", choices=["copy"], help="copy: bring every picture to the other store")
    parser.add_argument("--from", dest="source", choices=STORES, required=True, help="where the pictures are")
    parser.add_argument("--to", dest="target", choices=STORES, required=True, help="where they shall be")
    parser.add_argument("--verify", action="store_true", help="read again what is in the target already")


def run(config: Config, arguments: argparse.Namespace) -> int:
    """Copy what the target lacks; exit code 1 if a picture could not be brought whole."""
    if arguments.source == arguments.target:
        return failed("--from and --to are the same store")
    if config.storage.s3 is None:
        raise ConfigError(["AWS_BUCKET_NAME is not set: it names the bucket of the store 's3'"])
    prepare(config)
    watched = sys.stderr.isatty()
    try:
        copier = wiring.build_copier(config, arguments.source, arguments.target)
        report = copier.run(_show_bar if watched else _show_nothing, verify=arguments.verify)
    except ShoeboxError as error:
        return failed(f"{error} Run it again: it goes on where it stopped.")
    if watched:
        print(file=sys.stderr)
    print(", ".join(f"{outcome.value} {report.counts[outcome]}" for outcome in Outcome))
    for key, outcome in report.named:
        print(f"{outcome.value}: {key}")
    return 0 if report.complete else 1


def _show_bar(done: int, total: int) -> None:
    filled = BAR_WIDTH * done // total
    print(f"\r{'█' * filled}{'·' * (BAR_WIDTH - filled)} {done}/{total}\x1b[K", end="", file=sys.stderr, flush=True)


def _show_nothing(_done: int, _total: int) -> None:
    """Nobody watches."""
