"""The outbox beside the rows. Triggers fill it, in the statement that changes a row."""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import UTC, datetime
from typing import Final

from shoebox.db import queries
from shoebox.db.repository import SqlRepository
from shoebox.db.rows import moment
from shoebox.domain.image import Facts, Format, Image
from shoebox.domain.webhook import Note

LEASE: Final = "webhooks"

_URLS: Final = "SELECT url FROM webhooks"
_SUBSCRIBE: Final = "INSERT INTO webhooks (url) VALUES (:url) ON CONFLICT (url) DO NOTHING RETURNING url"
_UNSUBSCRIBE: Final = "DELETE FROM webhooks WHERE url = :url RETURNING url"
_FORGET: Final = "DELETE FROM outbox WHERE url = :url RETURNING id"
_DUE: Final = """
SELECT id, event, image, happened, attempts FROM outbox AS note
WHERE url = :url AND due <= :now AND NOT EXISTS (
    SELECT 1 FROM outbox AS earlier
    WHERE earlier.url = note.url AND earlier.key = note.key AND earlier.id < note.id
) ORDER BY id LIMIT :limit"""
_DONE: Final = "DELETE FROM outbox WHERE id = :id RETURNING id"
_POSTPONE: Final = "UPDATE outbox SET attempts = :attempts, due = :due WHERE id = :id RETURNING id"
_PENDING: Final = "SELECT count(*) FROM outbox"


class SqlOutbox:
    """`ports.Outbox` over the connections of a repository."""

    def __init__(self, repository: SqlRepository) -> None:
        self._run = repository.execute
        self._hold = queries.hold(repository.dialect)
        self._until: float | None = None  # how the lease that we hold is told from others'

    def hold(self, seconds: float) -> bool:
        """Take the lease, or keep it. If an answer is lost, nobody holds it until it expires."""
        for (until,) in self._run(self._hold, {"name": LEASE, "seconds": seconds, "mine": self._until}):
            self._until = until
            return True
        self._until = None
        return False

    def subscribe(self, urls: Collection[str]) -> int:
        """Write events for these receivers from now on; returns how many undelivered ones of
        others were dropped."""
        known = {url for (url,) in self._run(_URLS, {})}
        for url in set(urls) - known:
            self._run(_SUBSCRIBE, {"url": url})
        dropped = 0
        for url in known - set(urls):
            self._run(_UNSUBSCRIBE, {"url": url})
            dropped += len(self._run(_FORGET, {"url": url}))
        return dropped

    def due(self, url: str, now: datetime, limit: int) -> tuple[Note, ...]:
        """Oldest first; of each picture only the oldest."""
        rows = self._run(_DUE, {"url": url, "now": now.timestamp(), "limit": limit})
        return tuple(
            Note(
                number=number,
                event=event,
                image=_image(image),
                happened=datetime.fromtimestamp(happened, UTC),
                attempts=attempts,
            )
            for number, event, image, happened, attempts in rows
        )

    def done(self, number: int) -> None:
        """Forget one."""
        self._run(_DONE, {"id": number})

    def postpone(self, number: int, attempts: int, due: datetime) -> None:
        """Try one again, not before `due`."""
        self._run(_POSTPONE, {"id": number, "attempts": attempts, "due": due.timestamp()})

    def pending(self) -> int:
        """How many are not delivered yet."""
        return int(self._run(_PENDING, {})[0][0])


def _image(text: str) -> Image:
    row = json.loads(text)
    return Image(
        id=row["id"],
        key=row["key"],
        original_name=row["original_name"],
        facts=Facts(
            format=Format(row["format"]),
            width=row["width"],
            height=row["height"],
            size=row["size"],
            sha256=row["sha256"],
            color=row["color"],
        ),
        uploaded_at=moment(row["uploaded_at"]),
        collection=row["collection"],
    )
