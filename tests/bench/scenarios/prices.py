"""What quick lists cost those who change something: indexes and counters, and lists that are kept."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from typing import Final

from shoebox.db.migrate import migrate_postgres
from shoebox.db.postgres import ConnectionSettings
from tests.bench.arena import SHOEBOX, WORKERS, Arena
from tests.bench.contestants import Contestant, statements
from tests.bench.contestants.shoebox import live_in, shoebox
from tests.bench.processes import cpu_seconds, family
from tests.bench.rows import fill
from tests.bench.sample import Failed, Sample
from tests.bench.scenario import Measure, Scenario
from tests.bench.scenarios.uploads import upload_measure
from tests.bench.uploads import Uploader
from tests.client import Client
from tests.stack.checkout import CHECKOUT
from tests.stack.postgres import Login, Postgres
from tests.stack.stack import Stack

CLIENTS: Final = 16
LISTS: Final = 50  # that the one who looks on asks for, a second
_RATE: Final = 200  # statements of a client for each second of a measurement
_LEAVING: Final = 0.1  # seconds until PostgreSQL's processes of connections that were closed are gone

_NO_TRIGRAMS: Final = "DROP INDEX IF EXISTS images_by_part_of_name;"
_NO_ORDERS: Final = "".join(
    f"DROP INDEX images_by_{order}, images_of_collection_by_{order};" for order in ("age", "size", "name")
)
_NO_CONTENT: Final = "DROP INDEX images_by_content;"
_NO_COUNTERS: Final = "DROP TRIGGER images_added ON images; DROP TRIGGER images_removed ON images;"
_NO_NOTES: Final = "DROP TRIGGER images_created_noted ON images; DROP TRIGGER images_deleted_noted ON images;"
VARIANTS: Final = {
    "as it is": "",
    "without the trigram index": _NO_TRIGRAMS,
    "without the indexes of the orders": _NO_ORDERS,
    "without the index on content": _NO_CONTENT,
    "without the counters": _NO_COUNTERS,
    "without a look for webhooks": _NO_NOTES,
    "without all of these": _NO_TRIGRAMS + _NO_ORDERS + _NO_CONTENT + _NO_COUNTERS + _NO_NOTES,
}


def _rows(arena: Arena) -> Mapping[str, Measure]:
    made = (secrets.token_hex(16), secrets.token_hex(16))
    postgres = Postgres(arena.folder / "prices", password=made[0], superuser_password=made[1])
    arena.meanwhile.callback(postgres.stop)
    postgres.start()
    few, many = _copies(postgres, "few", arena.sizes.rows), _copies(postgres, "many", arena.sizes.many)
    return {name: _changing(postgres, few[name], many[name]) for name in VARIANTS}


def _copies(postgres: Postgres, name: str, rows: int) -> Mapping[str, Login]:
    """Stores of so many pictures, the same ones in each, and each its way."""
    made = [replace(postgres.login, database=f"{name}_{number}") for number in range(len(VARIANTS))]
    first = made[0]
    _do(postgres.superuser, f"CREATE DATABASE {first.database} OWNER {first.user}")
    settings = ConnectionSettings(
        host=first.host, port=first.port, user=first.user, password=first.password, dbname=first.database
    )
    migrate_postgres(settings, CHECKOUT / "init-sql")
    fill(first, rows)
    # Vacuumed by hand between the measurements, or PostgreSQL does it in anybody's time.
    _do(first, "ALTER TABLE images SET (autovacuum_enabled = off)")
    for copy in made[1:]:
        _do(postgres.superuser, f"CREATE DATABASE {copy.database} OWNER {copy.user} TEMPLATE {first.database}")
    for login, change in zip(made, VARIANTS.values(), strict=True):
        if change:
            _do(login, change)
    return dict(zip(VARIANTS, made, strict=True))


def _changing(postgres: Postgres, few: Login, many: Login) -> Measure:
    """Rows come and go again."""

    def measure(seconds: float) -> Sample:
        values = {}
        times = max(1, round(_RATE * seconds))
        for size, login in (("few", few), ("many", many)):
            for name in (statements.INSERT, statements.DELETE):
                before = cpu_seconds(family(postgres.process.pid))
                sample = statements.measure(login, name, clients=CLIENTS, times=times)
                time.sleep(_LEAVING)
                used = cpu_seconds(family(postgres.process.pid)) - before
                values[f"{name}_{size}_us"] = used / sample.requests * 1_000_000
            _do(login, "VACUUM images")
        return Sample(values=values, requests=4 * CLIENTS * times)

    return measure


def _do(login: Login, statement: str) -> None:
    with closing(login.connect()) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(statement)


def _lists(arena: Arena) -> Mapping[str, Measure]:
    stack = arena.meanwhile.enter_context(Stack(state=arena.folder / "unkept", workers=WORKERS, list_cache=False))
    live_in(stack)
    unkept = Uploader(shoebox(stack, "shoebox-unkept"), arena.folder / "load")
    unkept.store("50k", arena.sizes.rows)
    beside = replace(arena, stack=stack, uploaders={SHOEBOX: unkept}, meanwhile=ExitStack())
    measures = {}
    for said, side in (("kept", arena), ("not kept", beside)):
        measure = upload_measure(side, side.uploaders[SHOEBOX], "50k", CLIENTS)
        measures[f"lists {said}, nobody asks"] = measure
        measures[f"lists {said}, {LISTS} a second asked for"] = _watched(side.uploaders[SHOEBOX].contestant, measure)
    return measures


def _watched(contestant: Contestant, measure: Measure) -> Measure:
    def watched(seconds: float) -> Sample:
        with _asking(contestant):
            return measure(seconds)

    return watched


@contextmanager
def _asking(contestant: Contestant) -> Iterator[None]:
    """Ask for the list so many times a second until the block ends. Raises `Failed` if one was not given."""
    ended = threading.Event()
    with ThreadPoolExecutor(1) as threads:
        asker = threads.submit(_ask, contestant, ended)
        try:
            yield
        finally:
            ended.set()
        asker.result()


def _ask(contestant: Contestant, ended: threading.Event) -> None:
    due = time.monotonic()
    with Client(contestant.base_url).keep_alive() as client:
        while not ended.wait(max(0.0, due - time.monotonic())):
            due += 1 / LISTS
            if (status := client.get(contestant.list_path).status) != 200:
                raise Failed(f"a list was answered {status}")


ROWS: Final = Scenario(
    name="prices-rows",
    title=f"What indexes and counters cost PostgreSQL, {CLIENTS} clients (pgbench)",
    prepare=_rows,
)
LISTS_KEPT: Final = Scenario(
    name="prices-lists",
    title=f"What keeping lists costs uploads of 50 kB, {CLIENTS} clients",
    prepare=_lists,
)
