"""Many at once want the same."""

from __future__ import annotations

from typing import Final

from tests.client import Client
from tests.pictures import noise
from tests.robustness.crowd import at_once
from tests.stack.embedded import Embedded
from tests.stack.logs import lines, mentions
from tests.stack.process import wait_until
from tests.stack.stack import Stack

PARALLEL: Final = 15  # and as many of another kind beside them: fewer than one worker has threads
PATIENCE: Final = 60.0  # seconds


def test_the_same_picture_comes_and_goes_and_no_copy_is_lost(client: Client) -> None:
    data = noise(60, 40)
    old = [client.upload("old.png", data).json["filename"] for _ in range(PARALLEL)]
    deletions = [lambda key=key: client.delete(key) for key in old]
    uploads = [lambda: client.upload("new.png", data)] * PARALLEL
    answers = at_once([action for pair in zip(deletions, uploads, strict=True) for action in pair])
    assert [answer.status for answer in answers] == [200, 201] * PARALLEL
    new = [answer.json["filename"] for answer in answers if answer.status == 201]
    assert len(set(new)) == PARALLEL
    for key in new:
        assert client.get(f"/images/{key}").body == data
        assert client.get(f"/thumbs/320/{key}").status == 200
    assert {client.get(f"/images/{key}").status for key in old} == {404}


def test_a_picture_that_comes_and_goes_at_once_leaves_nothing(topology: Embedded | Stack) -> None:
    client = Client(topology.url)
    data = noise(61, 40)

    def come_and_go() -> tuple[int, int, str]:
        answer = client.upload("a.png", data)
        return answer.status, client.delete(answer.json["filename"]).status, answer.json["sha256"]

    outcomes = at_once([come_and_go] * PARALLEL)
    assert {outcome[:2] for outcome in outcomes} == {(201, 200)}
    (sha256,) = {outcome[2] for outcome in outcomes}
    assert not list(topology.layout.images.rglob(sha256))
    assert client.upload("a.png", data).status == 201


def test_a_thumbnail_wanted_by_many_is_made_once(topology: Embedded | Stack) -> None:
    client = Client(topology.url)
    key = client.upload("a.jpg", noise(2400, 1800, form="JPEG")).json["filename"]
    answers = at_once([lambda: client.get(f"/thumbs/1280/{key}")] * PARALLEL)
    assert {(answer.status, answer.type) for answer in answers} == {(200, "image/webp")}
    assert len({answer.body for answer in answers}) == 1
    made = f"thumbnail made key={key}"
    wait_until(lambda: mentions(topology.app_log, made), patience=PATIENCE, what="it is written down")
    assert len([line for line in lines(topology.app_log) if made in line]) == 1
