"""Lists that Nginx gives by itself: never one that is behind while many ask, some change and some die."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from http.client import HTTPException
from typing import Final

from tests.client import Client
from tests.pictures import picture
from tests.stack.lists import NO_FIELDS, PAST_FILES, PATIENCE
from tests.stack.process import wait_until
from tests.stack.stack import Stack

CHECKS: Final = 400  # a writer; each is one change and the look at the next list
READERS, WRITERS = 8, 2
SMALLEST: Final = picture(1, 1)
SEED: Final = 5
KILLS: Final = 12
CERTAIN: Final = 60  # changes that were answered while workers died


def read(system: Stack, query: str, ended: threading.Event) -> None:
    with Client(system.url).keep_alive() as client:
        while not ended.is_set():
            with suppress(HTTPException, OSError):
                client.get(f"/api/images/?{query}")


def change_and_look(client: Client, query: str, collection: str) -> list[str]:
    """What was wrong with the lists after an upload and after its deletion."""
    wrong = []
    answer = client.upload("a.png", SMALLEST, fields={"collection": collection})
    assert answer.status == 201
    key = answer.json["filename"]
    if key not in client.get(f"/api/images/?{query}").json["files"]:
        wrong.append(f"{key} was there")
    assert client.delete(key).status == 200
    if key in client.get(f"/api/images/?{query}").json["files"]:
        wrong.append(f"{key} was gone")
    return wrong


def test_no_list_is_behind_while_many_ask_and_some_change(system: Stack, collection: str) -> None:
    query, ended = f"per_page=100&collection={collection}", threading.Event()

    def write(_: int) -> list[str]:
        with Client(system.url).keep_alive() as client:
            return [wrong for _ in range(CHECKS // 2) for wrong in change_and_look(client, query, collection)]

    counted = system.layout.logs / "nginx" / "lists.count"
    before = counted.stat().st_size
    with ThreadPoolExecutor(READERS + WRITERS) as pool:
        for _ in range(READERS):
            pool.submit(read, system, query, ended)
        try:
            assert [wrong for found in pool.map(write, range(WRITERS)) for wrong in found] == []
        finally:
            ended.set()
    wait_until(lambda: counted.stat().st_size > before, patience=PATIENCE, what="Nginx gave some of them")


def state_of(client: Client, query: str, headers: Mapping[str, str] = NO_FIELDS) -> tuple[str, ...]:
    """The files of a list; asked again while workers die."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        with suppress(HTTPException, OSError):
            answer = client.get(f"/api/images/?{query}", headers)
            if answer.status == 200:
                return tuple(answer.json["files"])
        time.sleep(0.01)
    raise AssertionError("no list for a long time")


def change_somehow(client: Client, collection: str, there: tuple[str, ...]) -> tuple[str, bool] | None:
    """Upload or delete something; which picture is certain now to be there or not, if any."""
    with suppress(HTTPException, OSError):
        if len(there) > 3:
            answer = client.delete(there[-1])
            return (there[-1], False) if answer.status == 200 else None
        answer = client.upload("a.png", SMALLEST, fields={"collection": collection})
        return (answer.json["filename"], True) if answer.status == 201 else None
    return None


def test_no_list_is_behind_while_workers_are_killed(system: Stack) -> None:
    ended, certain, chance = threading.Event(), [], random.Random(SEED)

    def kill() -> None:
        for _ in range(KILLS):
            if not ended.wait(chance.uniform(0.1, 0.6)):
                system.kill_worker(chance.randrange(system.worker_count))

    def write(number: int) -> list[str]:
        client, collection, wrong = Client(system.url), f"Killed_{number}", []
        query = f"per_page=100&collection={collection}"
        there: tuple[str, ...] = ()
        while not ended.is_set():
            known = change_somehow(client, collection, there)
            # The database's word before and after: what a dead worker asked for may come true in between.
            before = state_of(client, query, PAST_FILES)
            listed = state_of(client, query)
            there = state_of(client, query, PAST_FILES)
            certain.extend([known] if known else [])
            if listed not in {before, there} or (known and (known[0] in listed) is not known[1]):
                wrong.append(f"{known}: {before}, {listed}, {there}")
        return wrong

    with ThreadPoolExecutor(WRITERS + 5) as pool:
        killer = pool.submit(kill)
        writers = [pool.submit(write, number) for number in range(WRITERS)]
        readers = [
            pool.submit(read, system, f"per_page=100&collection=Killed_{number % WRITERS}", ended)
            for number in range(4)
        ]
        try:
            wait_until(
                lambda: (killer.done() and len(certain) >= CERTAIN) or any(writer.done() for writer in writers),
                patience=PATIENCE,
                what=f"{KILLS} kills and {CERTAIN} changes",
            )
        finally:
            ended.set()
        assert [wrong for writer in writers for wrong in writer.result()] == []
        for done in (killer, *readers):
            done.result()
