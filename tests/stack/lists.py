"""Lists that Nginx gives by itself: having one kept, and telling who gave it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Final

from tests.client import Answer, Client
from tests.stack.process import wait_until
from tests.stack.stack import Stack

ASKS: Final = 40  # until every worker was asked often enough; no change is under way meanwhile
PATIENCE: Final = 30.0  # seconds
NO_FIELDS: Final[Mapping[str, str]] = {}
# A condition that keeps Nginx from looking for a file, and means nothing to the workers.
PAST_FILES: Final = {"If-Unmodified-Since": "-"}


def keep(system: Stack, query: str, *, headers: Mapping[str, str] = NO_FIELDS, base: str = "") -> Answer:
    """Ask until Nginx has the answer; the worker's that it was made of. `base` is where its links
    lead, if not to the stack's own address."""
    client = Client(system.url)
    name = f"{(base or system.url).replace('://', '@')}@{query}"
    kept = system.layout.work / "lists" / "current" / name
    for _ in range(ASKS):
        answer = client.get(f"/api/images/?{query}", headers)
        assert answer.status == 200
        if kept.exists():
            return answer
    raise AssertionError(f"the list {query} is not kept")


def by_nginx(system: Stack, answers: Iterable[Answer]) -> list[bool]:
    """Whether each was given without a worker, as the access log has it within a second or so."""
    ids = [answer.request_id for answer in answers]

    def entries() -> dict[str, bool]:
        written, _, _ = system.nginx.access_log.read_text().rpartition("\n")  # one that is being written is none yet
        lines = [json.loads(line) for line in written.splitlines()]
        return {line["request_id"]: line["worker"] == "" for line in lines if line["request_id"] in ids}

    wait_until(lambda: entries().keys() == set(ids), patience=PATIENCE, what="all answers are in the log")
    found = entries()
    return [found[name] for name in ids]
