"""A process that is killed, whatever it does meanwhile."""

from __future__ import annotations

import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Final

import psycopg2
import pytest

from tests.stack.accounts import account
from tests.stack.ports import free_row
from tests.stack.postgres import Postgres
from tests.stack.proc import working_in
from tests.stack.process import Process, send, wait_until

PATIENCE: Final = 60.0  # seconds; far more than anything here takes
KILLS: Final = 2
# Children without end, each the leader of a session as a server of PostgreSQL is; each second one has a
# child of its own, and all end by themselves after a while.
BREEDER: Final = """
import os, signal, time
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
signal.alarm(60)
while True:
    if os.fork() == 0:
        os.setsid()
        signal.alarm(2)
        if os.getpid() % 2 and os.fork() == 0:
            os.setsid()
            signal.alarm(2)
        signal.pause()
    time.sleep(0.001)
"""
# A server that is asked this does not look up, not even to see whether its postmaster lives; for a while.
BUSY: Final = "DO 'BEGIN LOOP END LOOP; END'"


@pytest.fixture
def folder(state: Path) -> Path:
    """Where the processes of a test work, and nobody else does."""
    return account("www-data", "nobody").own(state / "work")


def test_nothing_is_left_of_what_starts_others_all_the_time(folder: Path) -> None:
    breeder = Process(
        name="breeder",
        argv=[sys.executable, "-c", BREEDER],
        folder=folder,
        output=folder / "out",
        account=account("www-data", "nobody"),
        reaching=[Path(sys.prefix), Path(sys.base_prefix)],
    )
    for _ in range(KILLS):
        breeder.start()
        wait_until(lambda: len(working_in(folder)) > 5, patience=PATIENCE, what="it starts others")
        breeder.kill()
        assert working_in(folder) == []


def test_a_postgresql_whose_postmaster_was_killed_alone_is_started_again(state: Path) -> None:
    postgres = Postgres(state / "postgres", password="one", superuser_password="two", fsync=False)
    postgres.start()
    try:
        with ThreadPoolExecutor() as pool, closing(postgres.login.connect()) as connection:
            cursor = connection.cursor()
            cursor.execute("SET statement_timeout = '30s'")
            at_work = pool.submit(cursor.execute, BUSY)
            wait_until(lambda: is_asked(postgres, BUSY), patience=PATIENCE, what="a server is at work")
            send(postgres.process.pid, signal.SIGKILL)
            wait_until(lambda: not postgres.process.alive, patience=PATIENCE, what="the postmaster is gone")
            postgres.kill()
            postgres.start()
            assert isinstance(at_work.exception(PATIENCE), psycopg2.OperationalError)
    finally:
        postgres.stop()


def is_asked(postgres: Postgres, statement: str) -> bool:
    with closing(postgres.superuser.connect()) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT FROM pg_stat_activity WHERE state = 'active' AND query = %s", [statement])
        return cursor.fetchone() is not None


def test_no_port_is_given_twice() -> None:
    given = [first + place for first in (free_row(3) for _ in range(100)) for place in range(3)]
    assert len(set(given)) == len(given)
