"""The ancestor: a plain image host on the standard library's server, as the older systems were.

Four processes behind an Nginx that serves the pictures, and a PgBouncer with a database of its own
in the PostgreSQL server that all share. Nothing in it is slow on purpose: that only five connections
may wait for a process is what `http.server` has by itself. Who comes when these places are taken hears
nothing, and its kernel asks again after a second, which is the p99. With 16 clients no request is lost by
that; with 64 that upload 4 MB each, a few of a hundred are, and are no result.
"""

from __future__ import annotations

import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

from tests.bench.contestants import Contestant
from tests.bench.contestants.baselines import WORKERS, address, answering, database, make_tables
from tests.bench.contestants.programs import APPS, BENCH, nginx, python, running
from tests.stack.accounts import account
from tests.stack.pgbouncer import PgBouncer
from tests.stack.ports import LOOPBACK, free_port, free_row
from tests.stack.stack import Stack

NAME: Final = "ancestor"
MOST_CLIENTS: Final = 16
_PROXY: Final = Path(__file__).with_name("ancestor.conf")


@contextmanager
def ancestor(stack: Stack, *, workers: int = WORKERS) -> Iterator[Contestant]:
    """Nginx, `http.server`, PgBouncer, PostgreSQL."""
    folder = stack.layout.work / "contestants" / NAME
    owner = account("www-data", "nobody")
    images = owner.own(folder / "images")
    env = {
        "IMAGES_DIR": str(images),
        "LOG_FILE": str(owner.own(folder / "logs") / "app.log"),
        "PYTHONPATH": str(APPS),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    login = database(stack.postgres, f"bench_{NAME}")
    make_tables(NAME, {**env, "DATABASE_URL": address(login)})
    first, public = free_row(workers), free_port()
    servers = "\n".join(f"        server {LOOPBACK}:{first + number} max_fails=0;" for number in range(workers))
    proxy = _PROXY.read_text().replace("@APPLICATIONS@", servers).replace("@IMAGES@", str(images))
    argv = [python(), str(APPS / "ancestor_app.py"), str(first), str(workers)]
    with _pool(
        PgBouncer(folder / "pgbouncer", server=login, password=secrets.token_hex(16), log_folder=folder)
    ) as pool:
        env["DATABASE_URL"] = address(pool.login)
        reaching = (images, APPS, BENCH, Path(sys.base_prefix))
        with (
            running(NAME, argv, folder, port=first, env=env, reaching=reaching) as application,
            nginx(NAME, proxy, folder / "nginx", port=public, reaching=[images]) as front,
        ):
            made = answering(NAME, public, application, parts=(application, front, pool.process))
            yield replace(made, most_clients=MOST_CLIENTS)


@contextmanager
def _pool(pool: PgBouncer) -> Iterator[PgBouncer]:
    try:
        pool.start()
        yield pool
    finally:
        pool.stop()
