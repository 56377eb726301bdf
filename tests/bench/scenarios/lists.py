"""Page 1 of the list: the same again and again, and such that no cache can know it."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count
from typing import Final

from tests.bench import wrk
from tests.bench.arena import SHOEBOX, Arena
from tests.bench.contestants import Contestant
from tests.bench.contestants.front import AUTO, constant
from tests.bench.runner import with_cpu
from tests.bench.sample import Sample
from tests.bench.scenario import Measure, Scenario
from tests.client import Client

CLIENTS: Final = 16
_RUN: Final = 10_000_000  # requests that no run reaches: its numbers are its own


def _unchanged(arena: Arena) -> Mapping[str, Measure]:
    measures = {contestant.name: with_cpu(arena, contestant, _same(contestant)) for contestant in _of(arena)}
    return {**measures, **_limit(arena, AUTO)}


def _one_process(arena: Arena) -> Mapping[str, Measure]:
    nginx, ours = arena.stack.nginx, arena.uploaders[SHOEBOX].contestant
    arena.meanwhile.callback(nginx.change, {"NGINX_PROCESSES": AUTO})
    nginx.change({"NGINX_PROCESSES": "1"})
    return {ours.name: with_cpu(arena, ours, _same(ours)), **_limit(arena, 1)}


def _limit(arena: Arena, processes: int | str) -> Mapping[str, Measure]:
    """An Nginx with so many processes that knows our answer by heart."""
    ours = arena.uploaders[SHOEBOX].contestant
    answer = Client(ours.base_url).get(ours.list_path)
    front = constant(arena.folder / "return", body=answer.text, headers=dict(answer.headers), processes=processes)
    limit = arena.meanwhile.enter_context(front)

    def measure(seconds: float) -> Sample:
        return wrk.run(limit.base_url, clients=CLIENTS, seconds=seconds)

    return {limit.name: with_cpu(arena, limit, measure)}


def _missing(arena: Arena) -> Mapping[str, Measure]:
    measures = {contestant.name: with_cpu(arena, contestant, distinct(contestant, "host")) for contestant in _of(arena)}
    ours = arena.uploaders[SHOEBOX].contestant
    return {**measures, f"{ours.name}, not kept": with_cpu(arena, ours, distinct(ours, "query"))}


def _of(arena: Arena) -> list[Contestant]:
    return [uploader.contestant for uploader in arena.plain.values()]


def _same(contestant: Contestant) -> Measure:
    def measure(seconds: float) -> Sample:
        return wrk.run(contestant.base_url + contestant.list_path, clients=CLIENTS, seconds=seconds)

    return measure


def distinct(contestant: Contestant, where: str) -> Measure:
    """Page 1, each time in another way that no cache can know (lua/distinct.lua)."""
    runs = count()

    def measure(seconds: float) -> Sample:
        words = {"FIRST": str(next(runs) * _RUN), "WHERE": where}
        url = contestant.base_url + contestant.list_path
        return wrk.run(url, clients=CLIENTS, seconds=seconds, script="distinct", words=words)

    return measure


UNCHANGED: Final = Scenario(name="list-unchanged", title="List, page 1, 16 clients, unchanged", prepare=_unchanged)
ONE_PROCESS: Final = Scenario(
    name="list-one-process",
    title="List, page 1, 16 clients, unchanged, Nginx with one process",
    prepare=_one_process,
)
MISSING: Final = Scenario(name="list-missing", title="List, page 1, 16 clients, past every cache", prepare=_missing)
