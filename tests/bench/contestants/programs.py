"""Processes of the comparison: started on loopback, waited for, and gone when the block ends."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.stack.accounts import account
from tests.stack.checkout import CHECKOUT
from tests.stack.nginx import program
from tests.stack.ports import LOOPBACK
from tests.stack.process import Process, StackError, wait_until

BENCH: Final = CHECKOUT / ".venv-bench"
APPS: Final = Path(__file__).parent / "apps"
START_PATIENCE: Final = 60.0  # seconds; four processes import their frameworks on a busy machine


def python() -> str:
    """The interpreter that has the baselines' libraries. Raises `StackError` if `make bench` never ran."""
    found = BENCH / "bin" / "python"
    if not found.exists():
        raise StackError("the environment of the comparison is missing; make bench and make test bring it")
    return str(found)


@contextmanager
def running(
    name: str,
    argv: Sequence[str],
    folder: Path,
    *,
    port: int,
    env: Mapping[str, str] | None = None,
    reaching: Sequence[Path] = (),
) -> Iterator[Process]:
    """A program that listens on `port`, as an ordinary user, until the block ends."""
    user = account("www-data", "nobody")
    user.own(folder)
    process = Process(
        name=name,
        argv=argv,
        folder=folder,
        output=folder / f"{name}.out",
        account=user,
        env=env or {},
        reaching=reaching,
    )
    try:
        process.start()
        wait_until(lambda: _listens(process, port), patience=START_PATIENCE, what=f"{name} listens")
        yield process
    finally:
        process.stop()


@contextmanager
def nginx(name: str, text: str, folder: Path, *, port: int, reaching: Sequence[Path] = ()) -> Iterator[Process]:
    """An Nginx with the configuration `text`, in which @FOLDER@ and @PORT@ are filled in here."""
    account("www-data", "nobody").own(folder)
    path = folder / "nginx.conf"
    path.write_text(text.replace("@FOLDER@", str(folder)).replace("@PORT@", str(port)))
    argv = [program(), "-p", str(folder), "-e", str(folder / "error.log"), "-c", str(path)]
    with running(f"{name}-nginx", argv, folder, port=port, reaching=reaching) as process:
        yield process


def _listens(process: Process, port: int) -> bool:
    if not process.alive:
        raise StackError(f"{process.name} does not start:\n{process.tail()}")
    try:
        socket.create_connection((LOOPBACK, port), timeout=1).close()
    except OSError:
        return False
    return True
