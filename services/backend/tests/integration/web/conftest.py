"""A web room on a socket, over a Shoebox in memory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from services.backend.tests.fakes.application import World
from services.backend.tests.integration.web.toy_worker import ToyWorker, serving
from shoebox.web import wire
from shoebox.web.access_log import Entry
from shoebox.web.handler import make_handler
from shoebox.web.settings import WebSettings
from tests.client import Client

FRONTEND = Path(__file__).parents[5] / "services" / "frontend"


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def entries() -> list[Entry]:
    """What the access log was told."""
    return []


@pytest.fixture
def settings(entries: list[Entry]) -> WebSettings:
    return WebSettings(frontend_dir=FRONTEND, version="0.0.0", access_log=entries.append)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests of silence are short with it. The others are not to meet these limits."""
    monkeypatch.setattr(wire, "HEAD_TIMEOUT", 0.5)
    monkeypatch.setattr(wire, "BODY_TIMEOUT", 0.5)


@pytest.fixture
def worker(world: World, settings: WebSettings, monkeypatch: pytest.MonkeyPatch) -> Iterator[ToyWorker]:
    """Answers on a loopback port."""
    monkeypatch.setattr(wire, "LINGER", 0.2)
    with serving(make_handler(world.application(), settings)) as worker:
        yield worker


@pytest.fixture
def client(worker: ToyWorker) -> Client:
    return Client("http://{}:{}".format(*worker.address))
