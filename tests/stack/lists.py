"""Lists that Nginx gives by itself: having one kept, and telling who gave it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from tests.client import Answer, Client
from tests.stack.logs import entries
from tests.stack.process import wait_until
from tests.stack.stack import Stack

PATIENCE: Final = 90.0  # seconds; after a worker was killed no list is kept for a minute
NO_FIELDS: Final[Mapping[str, str]] = {}
# A condition that keeps Nginx from looking for a file, and means nothing to the workers.
PAST_FILES: Final = {"If-Unmodified-Since": "-"}


def keep(system: Stack, query: str, *, headers: Mapping[str, str] = NO_FIELDS, base: str = "") -> Answer:
    """Ask until Nginx has the answer; the worker's that it was made of. `base` is where its links
    lead, if not to the stack's own address."""
    client = Client(system.url)
    name = f"{(base or system.url).replace('://', '@')}@{query}"
    kept = system.layout.work / "lists" / "current" / name
    answers: list[Answer] = []

    def is_kept() -> bool:
        answers.append(client.get(f"/api/images/?{query}", headers))
        assert answers[-1].status == 200
        return kept.exists()

    wait_until(is_kept, patience=PATIENCE, what=f"the list {query} is kept")
    return answers[-1]


def by_nginx(system: Stack, answers: Iterable[Answer]) -> list[bool]:
    """Whether each was given without a worker, as the access log has it within a second or so."""
    ids = [answer.request_id for answer in answers]

    found: dict[str, bool] = {}

    def complete() -> bool:
        log = entries(system.nginx.access_log)
        found.update({line["request_id"]: line["worker"] == "" for line in log if line["request_id"] in ids})
        return found.keys() == set(ids)

    wait_until(complete, patience=PATIENCE, what="all answers are in the log")
    return [found[name] for name in ids]
