"""One suite over every outbox, with the rows that it stands beside."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from services.backend.tests.databases import empty_postgres, empty_sqlite
from services.backend.tests.fakes.outbox import MemoryOutbox, NotingRepository
from shoebox.db.outbox import SqlOutbox
from shoebox.ports import ImageRepository, Outbox


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Rows, their outbox, and a way to look at it from another process."""

    rows: ImageRepository
    outbox: Outbox
    other: Callable[[], Outbox]


@contextmanager
def _memory(_: pytest.FixtureRequest) -> Iterator[Desk]:
    rows = NotingRepository()
    yield Desk(rows=rows, outbox=MemoryOutbox(rows), other=lambda: MemoryOutbox(rows))


@contextmanager
def _sqlite(request: pytest.FixtureRequest) -> Iterator[Desk]:
    folder: Path = request.getfixturevalue("tmp_path")
    with empty_sqlite(folder) as rows:
        yield Desk(rows=rows, outbox=SqlOutbox(rows), other=lambda: SqlOutbox(rows))


@contextmanager
def _postgres(request: pytest.FixtureRequest) -> Iterator[Desk]:
    direct = request.getfixturevalue("postgres").login
    with empty_postgres(direct, request.getfixturevalue("pgbouncer").login) as rows:
        yield Desk(rows=rows, outbox=SqlOutbox(rows), other=lambda: SqlOutbox(rows))
        SqlOutbox(rows).subscribe(())


ADAPTERS: Final = {"memory": _memory, "pgbouncer": _postgres, "sqlite": _sqlite}


@pytest.fixture(params=sorted(ADAPTERS))
def desk(request: pytest.FixtureRequest) -> Iterator[Desk]:
    with ADAPTERS[request.param](request) as opened:
        yield opened
