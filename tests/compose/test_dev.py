"""The profile for development: the source as it lies there, beside the stack and over the same store."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path

import pytest

from tests.client import Client
from tests.compose.compose import PATIENCE, Compose, copy_checkout
from tests.pictures import picture
from tests.stack.ports import free_port
from tests.stack.process import wait_until


@dataclass(frozen=True, slots=True, kw_only=True)
class Development:
    """A checkout, the stack made of it, and the service that serves the checkout itself."""

    checkout: Path
    compose: Compose
    dev: Client


@pytest.fixture(scope="module")
def development(state_root: Path, images: Mapping[str, str]) -> Iterator[Development]:
    port = free_port()
    checkout = copy_checkout(state_root / "development")
    with Compose(settings={**images, "DEV_PORT": str(port)}, checkout=checkout, profile="dev") as compose:
        dev = Client(f"http://127.0.0.1:{port}")
        wait_until(lambda: version(dev) is not None, patience=PATIENCE, what="the dev service answers")
        yield Development(checkout=checkout, compose=compose, dev=dev)


def version(client: Client) -> str | None:
    """None while it is not healthy."""
    try:
        answer = client.get("/health")
    except (OSError, HTTPException):  # an answer may be cut, too
        return None
    return str(answer.json["version"]) if answer.status == 200 else None


def test_no_list_that_nginx_keeps_outlives_what_the_dev_service_changes(development: Development) -> None:
    client, dev, query = Client(development.compose.url), development.dev, "/api/images/?per_page=8"
    for turn in range(10):
        assert [client.get(query).json["total_items"] for _ in range(8)] == [0] * 8
        key = dev.upload(f"{turn}.png", picture()).json["filename"]
        assert [client.get(query).json["files"] for _ in range(8)] == [[key]] * 8
        assert dev.delete(key).status == 200
    assert development.compose.lists_served() > 0


def test_the_source_is_reloaded_when_it_changes(development: Development) -> None:
    source = development.checkout / "services" / "backend" / "src" / "shoebox" / "__init__.py"
    source.write_text(source.read_text().replace('__version__ = "', '__version__ = "9.'))
    wait_until(
        lambda: (version(development.dev) or "").startswith("9."), patience=PATIENCE, what="the edited source serves"
    )
