"""Lists that Nginx gives by itself where the workers are in several containers."""

from __future__ import annotations

import secrets

from tests.client import Client
from tests.compose.compose import PATIENCE, WEB_CONTAINERS, Compose
from tests.pictures import picture
from tests.stack.process import wait_until


def test_lists_are_nginxs_own_until_any_container_changes_a_row(compose: Compose) -> None:
    client, name = Client(compose.url), f"Kept_{secrets.token_hex(6)}"
    query, begin = f"/api/images/?collection={name}", compose.logged()
    asked, served = set[str](), compose.lists_served()

    def is_kept() -> bool:
        asked.add(client.get(query).request_id)
        return compose.lists_served() > served

    # Not at once: a container that was killed amid a change may have left its mark, for 60 s of which
    # no list is kept.
    wait_until(is_kept, patience=PATIENCE, what="Nginx gives lists by itself")
    compose.entries(asked, begin)
    begin, served = compose.logged(), compose.lists_served()
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

    alone = sum(entry["worker"] == "" for entry in compose.entries(given, begin))
    assert alone > len(given) // 3
    assert len(compose.asked(begin)) == WEB_CONTAINERS
    served_since = compose.lists_served() - served
    assert served_since == alone
    numbers = "import urllib.request; print(urllib.request.urlopen('http://127.0.0.1:8001/metrics').read().decode())"
    told = compose.run("exec", "--no-TTY", "web", "python3", "-c", numbers)
    assert f"shoebox_lists_served_total {float(compose.lists_served())}" in told.splitlines()
