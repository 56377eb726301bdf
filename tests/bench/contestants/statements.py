"""How often PostgreSQL alone can carry out the statements of a list, an upload and a deletion.

The statements are those the repository sends, caught from it; pgbench repeats them. An upload's
row is added and removed again under keys no picture has, so a store is afterwards as it was. As
the workers hear nothing of it, nobody may ask for a list meanwhile.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Literal

from shoebox.db.postgres import POSTGRES
from shoebox.db.repository import Answer, SqlRepository
from shoebox.domain.image import Facts, Format, NewImage
from shoebox.domain.listing import ListQuery
from tests.bench.contestants import PER_PAGE
from tests.bench.sample import Failed, Sample
from tests.stack.postgres import Login, programs

LIST: Final = "list"
INSERT: Final = "insert"
DELETE: Final = "delete"

# How a statement travels: as psycopg2 sends it, or prepared once a connection, as asyncpg does.
# PgBouncer before 1.21 cannot do the second for connections that are shared.
Mode = Literal["simple", "prepared"]

_KEY: Final = "the-key-of-this-round.png"
_ROUND_KEY: Final = "'bench-' || :client_id || '-' || :round || '.png'"
_PATIENCE: Final = 120.0  # seconds for one run
_IMAGE: Final = NewImage(
    key=_KEY,
    original_name="IMG_20261121_103000.png",
    facts=Facts(format=Format.PNG, width=260, height=195, size=50_118, sha256="ab" * 32, color="#808080"),
    uploaded_at=datetime(2026, 11, 21, 10, 30, tzinfo=UTC),
    collection=None,
)


class _CaughtError(Exception):
    """It was not sent."""


class _Catcher(SqlRepository):
    """Keeps what it should send."""

    statement: str
    parameters: Mapping[str, object]

    def __init__(self) -> None:
        super().__init__(POSTGRES)

    def _run(self, statement: str, parameters: Mapping[str, object], *, patient: bool = True) -> Answer:
        self.statement, self.parameters = statement, parameters
        raise _CaughtError


_CALLS: Final[Mapping[str, Callable[[SqlRepository], object]]] = {
    LIST: lambda repository: repository.page(ListQuery(size=PER_PAGE)),
    INSERT: lambda repository: repository.add(_IMAGE),
    DELETE: lambda repository: repository.delete(_KEY),
}


def measure(login: Login, name: str, *, clients: int, times: int, mode: Mode = "simple") -> Sample:
    """The statement `name`, `times` times by each of `clients`. `DELETE` removes what `INSERT` has added
    with the same numbers. Raises `Failed`."""
    with tempfile.TemporaryDirectory(prefix="pgbench-") as folder:
        script = Path(folder) / "script"
        script.write_text(f"\\set round :round + 1\n{script_of(login, name)};\n")
        argv = [str(programs() / "pgbench"), "--no-vacuum", f"--file={script}", f"--protocol={mode}"]
        argv += [f"--client={clients}", f"--jobs={min(clients, 2)}", f"--transactions={times}", "--define=round=0"]
        argv += [f"--host={login.host}", f"--port={login.port}", f"--username={login.user}", "--log", login.database]
        environment = {**os.environ, "PGPASSWORD": login.password}
        try:
            done = subprocess.run(
                argv, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=_PATIENCE
            )
        except subprocess.TimeoutExpired as error:
            raise Failed(f"pgbench does not end: {name}") from error
        if done.returncode:
            raise Failed(f"pgbench: {done.stderr.strip()}")
        return _sample(Path(folder))


def script_of(login: Login, name: str) -> str:
    """The statement as psycopg2 writes it, with a key of each round's own."""
    catcher = _Catcher()
    with suppress(_CaughtError):
        _CALLS[name](catcher)
    with closing(login.connect()) as connection, connection.cursor() as cursor:
        text: bytes = cursor.mogrify(catcher.statement, catcher.parameters)
    return text.decode().replace(f"'{_KEY}'", _ROUND_KEY).strip()


def _sample(folder: Path) -> Sample:
    """From pgbench's log: one line a transaction; its duration and its end in microseconds."""
    lines = [line.split() for file in folder.glob("pgbench_log.*") for line in file.read_text().splitlines()]
    if not lines:
        raise Failed("pgbench has carried nothing out")
    took = sorted(int(line[2]) for line in lines)
    ends = [int(line[4]) * 1_000_000 + int(line[5]) for line in lines]
    began = min(end - int(line[2]) for end, line in zip(ends, lines, strict=True))
    return Sample(
        values={
            "rps": len(lines) * 1_000_000 / (max(ends) - began),
            "p50_ms": statistics.median(took) / 1000,
            "p99_ms": took[len(took) * 99 // 100] / 1000,
        },
        requests=len(lines),
    )
