"""The list with a thousand pictures and with a million: every order; the first page, one in the
middle, the last. No two requests are the same, so that no cache helps."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count, product
from typing import Final

from tests.bench import wrk
from tests.bench.arena import WORKERS, Arena
from tests.bench.rows import fill
from tests.bench.sample import Sample
from tests.bench.scenario import Measure, Scenario
from tests.client import Client
from tests.stack.stack import Stack

SMALL: Final = 1000  # rows
PLACES: Final = ("first", "middle", "last")
_SECONDS: Final = 1  # of one page in one store: the middle ones are steady after that
_RUN: Final = 1_000_000  # requests that no run reaches: its numbers are its own


def _scale(arena: Arena) -> Mapping[str, Measure]:
    small, large = _store(arena, "small", SMALL), _store(arena, "large", arena.sizes.many)
    return {
        f"{order} {place}": _measure(small, large, order, place) for order, place in product(arena.sizes.orders, PLACES)
    }


def _store(arena: Arena, name: str, rows: int) -> Client:
    stack = arena.meanwhile.enter_context(Stack(state=arena.folder / name, workers=WORKERS))
    fill(stack.postgres.login, rows)
    return Client(stack.url)


def _measure(small: Client, large: Client, order: str, place: str) -> Measure:
    runs = count()
    field, way = order.split()

    def median(client: Client, seconds: float) -> Sample:
        pages = int(client.list().json["total_pages"])
        page = {"first": 1, "middle": pages // 2, "last": pages}[place]
        words = {"FIRST": str(next(runs) * _RUN), "WHERE": "query"}
        url = f"{client.url}/api/images/?page={page}&per_page=8&sort_param=sort_{field}&sort_value={way}"
        return wrk.run(url, clients=1, seconds=min(seconds, _SECONDS), script="distinct", words=words)

    def measure(seconds: float) -> Sample:
        few, many = median(small, seconds), median(large, seconds)
        values = {
            "small_ms": few.values["p50_ms"],
            "large_ms": many.values["p50_ms"],
            "large_to_small": many.values["p50_ms"] / few.values["p50_ms"],
        }
        return Sample(values=values, requests=few.requests + many.requests, errors=few.errors or many.errors)

    return measure


SCALE: Final = Scenario(
    name="scale", title="A page of the list by one client, with 1,000 pictures and with a million", prepare=_scale
)
