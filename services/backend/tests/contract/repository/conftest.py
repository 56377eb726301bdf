"""One suite over every repository. Another adapter joins by a line in `ADAPTERS`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Final

import pytest

from services.backend.tests.databases import empty_postgres, empty_sqlite
from services.backend.tests.fakes.repository import MemoryRepository
from shoebox.db import postgres, sqlite
from shoebox.ports import ImageRepository
from tests.stack.pgbouncer import PgBouncer
from tests.stack.postgres import Postgres

Opening = Callable[[pytest.FixtureRequest], AbstractContextManager[ImageRepository]]


def _memory(_: pytest.FixtureRequest) -> AbstractContextManager[ImageRepository]:
    return nullcontext(MemoryRepository())


def _sqlite(request: pytest.FixtureRequest) -> AbstractContextManager[ImageRepository]:
    folder: Path = request.getfixturevalue("tmp_path")
    return empty_sqlite(folder)


def _postgres(request: pytest.FixtureRequest) -> AbstractContextManager[ImageRepository]:
    server: Postgres = request.getfixturevalue("postgres")
    return empty_postgres(server.login, server.login)


def _pgbouncer(request: pytest.FixtureRequest) -> AbstractContextManager[ImageRepository]:
    server: Postgres = request.getfixturevalue("postgres")
    pooler: PgBouncer = request.getfixturevalue("pgbouncer")
    return empty_postgres(server.login, pooler.login)


@contextmanager
def _with_many(
    module: ModuleType, name: str, opened: Opening, request: pytest.FixtureRequest
) -> Iterator[ImageRepository]:
    """A repository to which a second match of a search is one of many."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, name, replace(getattr(module, name), few=1))
        with opened(request) as repository:
            yield repository


ADAPTERS: Final[dict[str, Opening]] = {
    "memory": _memory,
    "pgbouncer": _pgbouncer,
    "postgres": _postgres,
    "postgres, many matches": partial(_with_many, postgres, "POSTGRES", _postgres),
    "sqlite": _sqlite,
    "sqlite, many matches": partial(_with_many, sqlite, "SQLITE", _sqlite),
}


@pytest.fixture(params=sorted(ADAPTERS))
def repository(request: pytest.FixtureRequest) -> Iterator[ImageRepository]:
    with ADAPTERS[request.param](request) as opened:
        yield opened
