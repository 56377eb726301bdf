"""One command after `shoebox`, from the arguments to an exit code."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from dotenv import dotenv_values

from shoebox import __version__
from shoebox.cli import backup, maintenance, serve, storage, transfer
from shoebox.config import Config, ConfigError, load

EX_CONFIG: Final = 78  # sysexits.h: something in the configuration can't be used

Command = Callable[[Config, argparse.Namespace], int]
COMMANDS: Final[Mapping[str, tuple[Command, str]]] = MappingProxyType(
    {
        "serve": (serve.run, "serve pages and the API until SIGTERM"),
        "check-config": (serve.check, "read the settings and the code, and say what can't be used"),
        "migrate": (maintenance.migrate, "create or upgrade the database schema"),
        "sweep": (maintenance.sweep, "remove what crashes left behind; report rows without a file"),
        "backup": (backup.run, "take a backup into BACKUPS_DIR"),
        "restore": (backup.restore, "put a backup in the place of an empty store"),
        "storage": (storage.run, "copy the pictures from disk to object storage, or back"),
        "import": (transfer.take_in, "take in a folder of pictures, or an older system's store"),
        "export": (transfer.write_out, "write all pictures and what is known of them into a ZIP"),
        "check": (maintenance.check, "only report; exit code 1 if the store is not sound"),
    }
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command. Returns its exit code, or 78 for settings that can't be used."""
    parser = argparse.ArgumentParser(prog="shoebox", description="A self-hosted image host.")
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    subparsers = {name: commands.add_parser(name, help=text, description=text) for name, (_, text) in COMMANDS.items()}
    maintenance.add_sweep_arguments(subparsers["sweep"])
    backup.add_backup_arguments(subparsers["backup"])
    backup.add_restore_arguments(subparsers["restore"])
    storage.add_arguments(subparsers["storage"])
    transfer.add_import_arguments(subparsers["import"])
    transfer.add_export_arguments(subparsers["export"])
    arguments = parser.parse_args(argv)
    command, _ = COMMANDS[arguments.command]
    environ = dict(os.environ)
    # What `.env` sets is not in it: a reload must read the file anew.
    arguments.environ = environ
    # An empty variable counts as absent, so it must not hide the file's value.
    from_file = {name: value for name, value in dotenv_values(".env").items() if value and not environ.get(name)}
    try:
        return command(load(environ | from_file), arguments)
    except ConfigError as error:
        for problem in error.problems:
            print(f"shoebox: {problem}", file=sys.stderr)
        return EX_CONFIG
