"""`shoebox serve`: from settings to a running master."""

from __future__ import annotations

import argparse
import logging
import os
import sys
import time
from typing import Final

from shoebox import logs, wiring
from shoebox.cli import folders
from shoebox.config import Config
from shoebox.domain.errors import MigrationFailed, ShoeboxError
from shoebox.server.listeners import ListenError
from shoebox.server.master import Master
from shoebox.server.programs import Address
from shoebox.server.reload import Inheritance, Reloading

log = logging.getLogger("shoebox.server")

DATABASE_PATIENCE: Final = 60.0  # seconds; a database container's first start takes half of it
EX_UNAVAILABLE: Final = 69  # sysexits.h: a service that is needed is not there
EX_OSERR: Final = 71  # sysexits.h: the system refused, here an address to listen on


def check(config: Config, _: argparse.Namespace) -> int:
    """Everything that a start would stumble over, without starting: exit code 0 or the reason's.

    Run by the master before it reloads, so that a mistake in a setting is not an outage.
    """
    folders.prepare(config)
    wiring.preload(config)
    return 0


def run(config: Config, arguments: argparse.Namespace) -> int:
    """Serve until SIGTERM; the exit code is the master's, or says what was missing at the start."""
    folders.prepare(config)
    logs.configure(
        config.logs.folder, level=config.logs.level, style=config.logs.format, request_id=wiring.current_request_id
    )
    # On a reload children wait for their master and the schema was there before: one try,
    # and a database that is away is no reason to stop.
    reloaded = Inheritance.read(arguments.environ) is not None
    code = _migrate_in_child(config, patience=0 if reloaded else DATABASE_PATIENCE)
    if code and not reloaded:
        return code
    wiring.preload(config)
    command = [sys.executable, "-m", "shoebox"]
    try:
        return Master(
            programs=wiring.programs(config),
            on_event=_log_event,
            on_ready=lambda addresses: _announce(config, addresses),
            reloading=Reloading(
                exec_argv=[*command, "serve"], check_argv=[*command, "check-config"], environ=arguments.environ
            ),
        ).run()
    except ListenError as error:
        print(f"shoebox: {error}", file=sys.stderr)
        return EX_OSERR


def _log_event(event: str, /, **fields: object) -> None:
    log.info(event, extra=fields)


def _announce(config: Config, addresses: tuple[Address, ...]) -> None:
    if config.server.start_port is None:
        host = "localhost" if config.server.bind in {"0.0.0.0", "::", "127.0.0.1"} else config.server.bind  # noqa: S104
        print(f"ready: http://{host}:{addresses[0].port}", flush=True)
    else:
        print(f"ready: {len(addresses)} workers from {addresses[0]} to {addresses[-1]}", flush=True)


def _migrate_in_child(config: Config, *, patience: float) -> int:
    """Bring the schema up to date in a child: the master never touches a database library,
    whose state would be shared by everything that it forks."""
    child = os.fork()
    if child == 0:
        code = EX_UNAVAILABLE
        try:
            code = _migrate(config, patience)
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _migrate(config: Config, patience: float) -> int:
    deadline = time.monotonic() + patience
    while True:
        try:
            wiring.migrate(config)
            wiring.subscribe(config)
        except ShoeboxError as error:
            if isinstance(error, MigrationFailed) or time.monotonic() >= deadline:
                log.error("database not ready", extra={"reason": str(error)})  # noqa: TRY400  # no traceback: it is not ours
                return EX_UNAVAILABLE
            log.warning("waiting for the database", extra={"reason": str(error)})
            time.sleep(0.5)
        else:
            return 0
