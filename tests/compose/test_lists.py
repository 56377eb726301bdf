"""Lists that Nginx gives by itself where the workers are in several containers."""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
from pathlib import Path

from tests.client import Client
from tests.compose.compose import WEB_CONTAINERS, Compose
from tests.pictures import picture
from tests.stack.process import wait_until

PATIENCE = 60.0  # seconds; far more than anything here takes
# Seconds: a container that was killed amid a change may have left its mark, for 60 of which no list is kept.
MARKED = 90.0
FLUSHED = 1.5  # seconds; Nginx' count of lists is a second late at most


def test_lists_are_nginxs_own_until_any_container_changes_a_row(compose: Compose) -> None:
    client, name = Client(compose.url), f"Kept_{secrets.token_hex(6)}"
    query = f"/api/images/?collection={name}"
    served_before = compose.lists_served()

    def is_kept() -> bool:
        client.get(query)
        return compose.lists_served() > served_before

    wait_until(is_kept, patience=MARKED, what="Nginx gives lists by itself")
    time.sleep(FLUSHED)
    seen, counted = len(compose.accesses()), compose.lists_served()
    given: set[str] = set()

    def total() -> int:
        answer = client.get(query)
        given.add(answer.request_id)
        return int(answer.json["total_items"])

    assert [total() for _ in range(20)] == [0] * 20
    for turn in range(50):
        url = client.upload(f"{turn}.png", picture(), fields={"collection": name}).json["url"]
        assert [total(), total(), total()] == [1, 1, 1]
        assert client.delete(url.rpartition("/")[2]).status == 200
        assert [total(), total()] == [0, 0]

    def entries() -> list[Mapping[str, str]]:
        return [line for line in compose.accesses()[seen:] if line["request_id"] in given]

    wait_until(lambda: len(entries()) == len(given), patience=PATIENCE, what="every list is in the log")
    alone = sum(entry["worker"] == "" for entry in entries())
    assert alone > len(given) // 3
    assert len(compose.asked(seen)) == WEB_CONTAINERS
    served = compose.lists_served()
    assert served - counted == alone
    numbers = "import urllib.request; print(urllib.request.urlopen('http://127.0.0.1:8001/metrics').read().decode())"
    told = compose.run("exec", "--no-TTY", "web", "python3", "-c", numbers)
    assert f"shoebox_lists_served_total {float(served)}" in told.splitlines()


def test_with_an_empty_folder_given_all_lists_are_the_workers(images: Mapping[str, str], state: Path) -> None:
    with Compose(settings={**images, "LIST_CACHE_DIR": ""}, state=state) as compose:
        client = Client(compose.url)
        answers = [client.list() for _ in range(20)]
        key = client.upload("a.png", picture()).json["filename"]
        answers += [client.list() for _ in range(20)]
        assert [answer.json["files"] for answer in answers] == [[]] * 20 + [[key]] * 20
        ids = {answer.request_id for answer in answers}

        def entries() -> list[Mapping[str, str]]:
            return [line for line in compose.accesses() if line["request_id"] in ids]

        wait_until(lambda: len(entries()) == len(ids), patience=PATIENCE, what="every list is in the log")
        assert [entry for entry in entries() if entry["worker"] == ""] == []
