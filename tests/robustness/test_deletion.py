"""A deletion that was answered is final, whoever had the picture open or asked for it before."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Final

from tests.client import Client
from tests.pictures import noise
from tests.robustness.crowd import at_once
from tests.stack.embedded import Embedded
from tests.stack.stack import Stack

WIDTHS: Final = (160, 320, 640, 1280)
CONNECTIONS: Final = 5  # each to one of Nginx's or our processes
ROUNDS: Final = 20  # on each connection; 100 in all
PARALLEL: Final = 20


def addresses(key: str) -> list[str]:
    return [f"/images/{key}", *(f"/thumbs/{width}/{key}" for width in WIDTHS)]


def test_a_deleted_picture_is_gone_for_everybody_who_has_seen_it(client: Client) -> None:
    key = client.upload("a.jpg", noise(1400, 40, form="JPEG")).json["filename"]
    with ExitStack() as held:
        visitors = [held.enter_context(client.keep_alive()) for _ in range(CONNECTIONS)]
        for visitor in visitors:
            seen = {visitor.get(path).status for _ in range(ROUNDS) for path in addresses(key)}
            assert seen == {200}
        assert visitors[0].delete(key).status == 200
        for visitor in visitors:
            assert [visitor.get(path).status for path in addresses(key)] == [404] * 5
            assert [visitor.head(path).status for path in addresses(key)] == [404] * 5
            assert visitor.get(f"/api/images/{key}").status == 404


def test_nothing_of_a_deleted_picture_is_left_on_the_disk(topology: Embedded | Stack) -> None:
    client = Client(topology.url)
    image = client.upload("a.png", noise(700, 20)).json
    for path in addresses(image["filename"]):
        client.get(path)
    names = {image["filename"], image["sha256"]}
    assert {path.name for path in topology.layout.images.rglob("*")} >= names
    client.delete(image["filename"])
    assert not names & {path.name for path in topology.layout.images.rglob("*")}


def test_of_parallel_deletions_one_deletes(client: Client) -> None:
    key = client.upload("a.png", noise(40, 40)).json["filename"]
    answers = at_once([lambda: client.delete(key)] * PARALLEL)
    assert sorted(answer.status for answer in answers) == [200] + [404] * (PARALLEL - 1)


def test_no_thumbnail_outlives_a_picture_that_is_deleted_while_it_is_made(topology: Embedded | Stack) -> None:
    client = Client(topology.url)
    for _ in range(PARALLEL):
        key = client.upload("a.png", noise(300, 200)).json["filename"]
        visits = [lambda width=width, key=key: client.get(f"/thumbs/{width}/{key}") for width in WIDTHS]
        *seen, deleted = at_once([*visits, lambda key=key: client.delete(key)])
        assert deleted.status == 200
        assert {answer.status for answer in seen} <= {200, 404}
        assert [client.get(path).status for path in addresses(key)] == [404] * 5
        assert not list((topology.layout.images / "thumbs").rglob(key))
