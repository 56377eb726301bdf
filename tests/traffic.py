"""Visitors of every kind at a steady pace, who come whether those before them were answered or not."""

from __future__ import annotations

import hashlib
import itertools
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from http.client import IncompleteRead
from types import TracebackType
from typing import Final, Self

from tests.client import Answer, Client
from tests.pictures import noise

SEED: Final = 7
MIX: Final = "upload list picture upload list list picture upload list delete".split()
MAX_SECONDS: Final = 600.0  # traffic that is not stopped stops by itself
MAX_WAITING: Final = 600  # requests on their way at once
RETRY_PATIENCE: Final = 60.0  # seconds for which a connection is tried again
_PAUSE: Final = 0.1  # seconds between two tries


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One request. Times are of the monotonic clock; `outcome` is a status or an error's name,
    `detail` what was said about a failure."""

    kind: str
    begun: float
    ended: float
    outcome: int | str
    detail: str = ""

    @property
    def failed(self) -> bool:
        """Whether it was answered with anything but a 2xx, or not at all."""
        return isinstance(self.outcome, str) or not 200 <= self.outcome < 300

    def overlaps(self, begin: float, end: float) -> bool:
        """Whether it was under way at any time between the two."""
        return self.begun <= end and self.ended >= begin


class Traffic:
    """`with Traffic(client) as traffic:` until the block ends, and the last request is answered.

    With `retrying` a request whose connection was refused or cut is sent again, as careful
    programs do; what was deleted meanwhile counts as deleted then.
    """

    def __init__(self, client: Client, *, rate: float = 50.0, retrying: bool = False) -> None:
        self._client = client
        self._interval = 1 / rate
        self._retrying = retrying
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(MAX_WAITING)
        self._dispatcher = threading.Thread(target=self._dispatch)
        self._uploads = itertools.count()
        self._kept: dict[str, str] = {}  # filename: sha256, promised with a 201
        self._doomed: list[str] = []  # promised, to be deleted
        self._deleted: list[str] = []
        self._chance = random.Random(SEED)
        self.visits: list[Visit] = []

    def __enter__(self) -> Self:
        for _ in range(6):
            self._visit("upload")
        self._dispatcher.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._dispatcher.join()
        self._pool.shutdown()

    @property
    def failed(self) -> list[Visit]:
        """Every request that was not answered with a 2xx."""
        return [visit for visit in self.visits if visit.failed]

    def under_way(self, begin: float, end: float) -> list[Visit]:
        """Those that were under way at any time between the two."""
        return [visit for visit in self.visits if visit.overlaps(begin, end)]

    def broken(self) -> list[str]:
        """Promises that were not kept: pictures that are gone or changed, deleted ones that are there."""
        lost = [key for key, sha256 in self._kept.items() if not self._is_there(key, sha256)]
        return lost + [key for key in self._deleted if self._client.get(f"/images/{key}").status != 404]

    def summary(self) -> str:
        """What happened, in one line."""
        slowest = max((visit.ended - visit.begun for visit in self.visits), default=0.0)
        failed = Counter(f"{visit.kind} {visit.outcome}" for visit in self.failed)
        return f"{len(self.visits)} requests, slowest {slowest:.1f} s, {len(self.failed)} failed {dict(failed)}"

    def _dispatch(self) -> None:
        begun = time.monotonic()
        for number, kind in enumerate(itertools.cycle(MIX)):
            due = begun + number * self._interval
            if self._stop.wait(max(due - time.monotonic(), 0)) or due > begun + MAX_SECONDS:
                return
            self._pool.submit(self._visit, kind)

    def _visit(self, kind: str) -> None:
        begun = time.monotonic()
        outcome: int | str
        try:
            answer = getattr(self, f"_{kind}")()
        except Exception as error:  # whatever it is, the visitor was not served
            outcome, detail = type(error).__name__, str(error)
        else:
            outcome, detail = answer.status, "" if answer.status < 300 else answer.text[:300]
        self.visits.append(Visit(kind=kind, begun=begun, ended=time.monotonic(), outcome=outcome, detail=detail))

    def _upload(self) -> Answer:
        data = noise(12, 12)
        answer, _ = self._ask(lambda: self._client.upload("visitor.png", data))
        if answer.status == 201:
            with self._lock:
                if next(self._uploads) % 3:
                    self._kept[answer.json["filename"]] = answer.json["sha256"]
                else:
                    self._doomed.append(answer.json["filename"])
        return answer

    def _list(self) -> Answer:
        return self._ask(self._client.list)[0]

    def _picture(self) -> Answer:
        with self._lock:
            key = self._chance.choice(list(self._kept))
        return self._ask(lambda: self._client.get(f"/images/{key}"))[0]

    def _delete(self) -> Answer:
        with self._lock:
            key = self._doomed.pop() if self._doomed else ""
        if not key:
            return self._list()
        answer, tries = self._ask(lambda: self._client.delete(key))
        if answer.status == 404 and tries > 1:
            answer = replace(answer, status=200)
        if answer.status == 200:
            self._deleted.append(key)
        return answer

    def _ask(self, send: Callable[[], Answer]) -> tuple[Answer, int]:
        """The answer, and how many tries it took."""
        deadline = time.monotonic() + RETRY_PATIENCE
        tries = 1
        while True:
            try:
                return send(), tries
            except (ConnectionError, IncompleteRead):
                if not self._retrying or time.monotonic() > deadline:
                    raise
            tries += 1
            time.sleep(_PAUSE)

    def _is_there(self, key: str, sha256: str) -> bool:
        row, file = self._client.get(f"/api/images/{key}"), self._client.get(f"/images/{key}")
        return (row.status, file.status) == (200, 200) and hashlib.sha256(file.body).hexdigest() == sha256
