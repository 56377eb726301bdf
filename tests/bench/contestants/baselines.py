"""The baselines: image hosts as competent people write them with the usual frameworks.

Each has four processes, an Nginx of the same version and with the same tuning in front (it keeps
the log; the application keeps none), and a database of its own in the PostgreSQL server that
Shoebox uses, through its own pool, not through PgBouncer. Pictures are served by the application,
as the frameworks' documentation has it. "full" decodes, strips, syncs and makes a thumbnail.

gunicorn runs with threads (`gthread`), not with its default `sync` workers: those close every
connection after one answer, so that Nginx makes a new one for each request, and only four requests
can wait for the database at a time. Measured, they cost more processor time: 12 to 29 % in lists, 18 %
in pictures and deletions, 3 to 11 % in uploads of 50 and 500 KB. Uploads of 4 MB cost a third less.
Two, four and eight threads a process were measured alike; four is in the middle of what gunicorn's
documentation recommends.
uvicorn is what `uvicorn[standard]` installs: uvloop and httptools.
"""

from __future__ import annotations

import secrets
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Final

from psycopg2 import sql

from tests.bench.contestants import PER_PAGE, Contestant
from tests.bench.contestants.programs import APPS, BENCH, START_PATIENCE, nginx, python, running
from tests.bench.processes import family
from tests.stack.accounts import account
from tests.stack.ports import LOOPBACK, free_port
from tests.stack.postgres import Login, Postgres
from tests.stack.process import Process, StackError, wait_until
from tests.stack.stack import Stack

WORKERS: Final = 4
THREADS: Final = 4  # a gunicorn process
_PROXY: Final = Path(__file__).with_name("proxy.conf")
_QUICK: Final = 2.0  # seconds for one answer while it starts

Command = Callable[[int, int], list[str]]  # of the port and the number of processes


@contextmanager
def flask(stack: Stack, *, workers: int = WORKERS, full: bool = False, threads: int = THREADS) -> Iterator[Contestant]:
    """Flask, SQLAlchemy and gunicorn; without `threads` as `gunicorn -w 4` starts it, which is called
    "flask-sync"."""
    name = "flask" if threads else "flask-sync"
    with _baseline(stack, name, partial(_gunicorn, threads), workers=workers, full=full) as contestant:
        yield contestant


@contextmanager
def fastapi(stack: Stack, *, workers: int = WORKERS, full: bool = False) -> Iterator[Contestant]:
    """FastAPI, asyncpg and uvicorn."""
    with _baseline(stack, "fastapi", _uvicorn, workers=workers, full=full) as contestant:
        yield contestant


def _gunicorn(threads: int, port: int, workers: int) -> list[str]:
    options = [f"--bind={LOOPBACK}:{port}", f"--workers={workers}", "--log-level=warning", "--no-control-socket"]
    options += ["--worker-class=gthread", f"--threads={threads}", "--keep-alive=75"] if threads else []
    return [python(), "-m", "gunicorn", *options, "flask_app:create_app()"]


def _uvicorn(port: int, workers: int) -> list[str]:
    options = [f"--host={LOOPBACK}", f"--port={port}", f"--workers={workers}", "--timeout-keep-alive=75"]
    options += ["--no-access-log", "--log-level=warning"]
    return [python(), "-m", "uvicorn", *options, "fastapi_app:app"]


@contextmanager
def _baseline(stack: Stack, name: str, command: Command, *, workers: int, full: bool) -> Iterator[Contestant]:
    framework = name.partition("-")[0]
    name = f"{name}-full" if full else name
    folder = stack.layout.work / "contestants" / name
    images = account("www-data", "nobody").own(folder / "images")
    account("www-data", "nobody").own(images / "thumbnails")
    env = {
        "DATABASE_URL": address(database(stack.postgres, f"bench_{name.replace('-', '_')}")),
        "IMAGES_DIR": str(images),
        "FULL": "1" if full else "",
        "PYTHONPATH": str(APPS),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    make_tables(framework, env)
    port, public = free_port(), free_port()
    reaching = (images, APPS, BENCH, Path(sys.base_prefix))
    proxy = _PROXY.read_text().replace("@APPLICATION@", str(port))
    with (
        running(name, command(port, workers), folder, port=port, env=env, reaching=reaching) as application,
        nginx(name, proxy, folder / "nginx", port=public) as front,
    ):
        yield answering(name, public, application, parts=(application, front))


def answering(name: str, port: int, application: Process, *, parts: Sequence[Process]) -> Contestant:
    """The baseline whose Nginx listens on `port`, once it answers. All of them have these addresses."""
    contestant = Contestant(
        name=name,
        base_url=f"http://{LOOPBACK}:{port}",
        list_path=f"/api/images?page=1&per_page={PER_PAGE}",
        upload_path="/api/images",
        key_field="filename",
        picture_prefix="/images/",
        delete_prefix="/api/images/",
        process_ids=lambda: tuple(pid for part in parts for pid in family(part.pid)),
    )
    wait_until(lambda: _answers(contestant, application), patience=START_PATIENCE, what=f"{name} answers")
    return contestant


def database(postgres: Postgres, name: str) -> Login:
    """A new, empty database with a role of its own."""
    password = secrets.token_hex(16)
    with closing(postgres.superuser.connect()) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            identifier = sql.Identifier(name)
            cursor.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(identifier))
            cursor.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(identifier))
            cursor.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD %s").format(identifier), [password])
            cursor.execute(sql.SQL("CREATE DATABASE {0} OWNER {0}").format(identifier))
    login = postgres.login
    return Login(host=login.host, port=login.port, user=name, password=password, database=name)


def address(login: Login) -> str:
    """As libpq and its friends write it."""
    return f"postgresql://{login.user}:{login.password}@{login.host}:{login.port}/{login.database}"


def make_tables(framework: str, env: Mapping[str, str]) -> None:
    """By the function of the application named `framework` that does so."""
    script = f"import {framework}_app; {framework}_app.create_tables()"
    done = subprocess.run([python(), "-c", script], env=dict(env), capture_output=True, text=True, check=False)
    if done.returncode:
        raise StackError(f"{framework} cannot make its tables:\n{done.stderr}")


def _answers(contestant: Contestant, application: Process) -> bool:
    if not application.alive:
        raise StackError(f"{contestant.name} does not start:\n{application.tail()}")
    try:
        with urllib.request.urlopen(contestant.base_url + contestant.list_path, timeout=_QUICK) as answer:
            return bool(answer.status == 200)
    except OSError:  # refused, or an error status: not yet
        return False
