"""Who may read the numbers, and what balancers are told."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping
from dataclasses import replace

import pytest

from services.backend.tests.fakes.application import World
from services.backend.tests.integration.web.toy_worker import serving
from services.backend.tests.waiting import wait_until
from shoebox.web.access_log import Entry
from shoebox.web.handler import make_handler
from shoebox.web.metrics import Metrics
from shoebox.web.settings import WebSettings
from tests.client import Client

LOOPBACK = "127.0.0.0/8"
ELSEWHERE = "203.0.113.0/24"


@pytest.fixture
def allow() -> str:
    return ""


@pytest.fixture
def watched(world: World, settings: WebSettings, allow: str) -> Iterator[Client]:
    networks = tuple(ipaddress.ip_network(text) for text in allow.split() if text)
    told = Metrics(lambda _: ("text/plain; version=0.0.4", b"told 1\n"), networks)
    with serving(make_handler(world.application(), replace(settings, metrics=told, trust_peer=True))) as worker:
        yield Client("http://{}:{}".format(*worker.address))


@pytest.mark.parametrize(
    ("allow", "headers", "status"),
    [
        ("", {}, 200),
        ("", {"X-Forwarded-For": "10.0.0.1"}, 403),
        ("", {"Forwarded": "for=10.0.0.1"}, 403),
        (LOOPBACK, {}, 200),
        (ELSEWHERE, {}, 403),
        (f"{LOOPBACK} {ELSEWHERE}", {"X-Forwarded-For": "203.0.113.7"}, 200),
        (LOOPBACK, {"X-Forwarded-For": "203.0.113.7"}, 403),
    ],
)
def test_the_numbers_are_for_those_who_are_allowed(watched: Client, headers: Mapping[str, str], status: int) -> None:
    answer = watched.get("/metrics", headers)
    assert answer.status == status
    assert (answer.text == "told 1\n") == (status == 200)


def test_a_worker_that_answers_is_alive(client: Client) -> None:
    answer = client.get("/livez")
    assert (answer.status, answer.json) == (200, {"status": "alive"})


def test_a_worker_without_its_database_is_alive_and_not_ready(client: Client, world: World) -> None:
    assert (client.get("/readyz").status, client.get("/readyz").json) == (200, {"status": "ready"})
    world.repository.away = True
    answer = client.get("/readyz")
    assert (answer.status, answer.json) == (503, {"status": "unavailable"})
    assert int(answer.headers["Retry-After"]) >= 1
    assert client.get("/livez").status == 200


def test_requests_are_told_by_the_template_of_their_route(client: Client, entries: list[Entry]) -> None:
    with client.keep_alive() as session:
        for path in ("/api/images/absent.png", "/images/absent.png", "/no/where", "/livez"):
            session.get(path)
    # The last answer is told of after it was sent.
    wait_until(lambda: len(entries) == 4)
    assert [entry.route for entry in entries] == ["/api/images/{name}", "/images/{name}", "", "/livez"]
