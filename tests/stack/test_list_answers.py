"""Lists that Nginx gives by itself: which, and that none looks different from a worker's."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Final

import pytest

from tests.client import Answer, Client
from tests.pictures import picture
from tests.stack.lists import PAST_FILES, PATIENCE, by_nginx, keep
from tests.stack.process import wait_until
from tests.stack.stack import Stack

OF_THE_MOMENT: Final = {"date", "x-request-id", "connection"}
PROXY: Final = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "pictures.example"}


def comparable(answer: Answer) -> tuple[int, list[tuple[str, str]], bytes]:
    """All that a visitor could tell apart. How tightly it is packed, and of what type the body is
    that a 304 does not have, are nobody's business."""
    fields = {name.lower(): value for name, value in answer.headers.items() if name.lower() not in OF_THE_MOMENT}
    if answer.status == 304:
        fields.pop("content-type", None)
    packed = answer.body and fields.get("content-encoding") == "gzip"
    return answer.status, sorted(fields.items()), gzip.decompress(answer.body) if packed else answer.body


# Who answers


def test_a_list_that_is_asked_for_again_is_nginxs_alone_and_counted(
    system: Stack, visitor: Client, collection: str
) -> None:
    query = f"collection={collection}"
    counted = system.layout.logs / "nginx" / "lists.count"
    keep(system, query)
    before = counted.stat().st_size
    answers = [visitor.get(f"/api/images/?{query}") for _ in range(5)]
    wait_until(lambda: counted.stat().st_size == before + 5, patience=PATIENCE, what="five are counted")
    assert by_nginx(system, answers) == [True] * 5


def test_with_a_search_or_a_cursor_a_worker_is_asked(system: Stack, visitor: Client) -> None:
    answers = [visitor.list(q="x", per_page=3) for _ in range(2 * system.worker_count + 1)]
    assert by_nginx(system, answers) == [False] * len(answers)


# What the answer looks like

BIG: Final = "per_page=100"
SMALL: Final = "page=9999"


@pytest.fixture(scope="module")
def stocked(system: Stack) -> Stack:
    client = Client(system.url)
    for number in range(8):
        assert client.upload(f"{number}.png", picture()).status == 201
    return system


@pytest.mark.parametrize("query", [BIG, SMALL])
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Accept-Encoding": "gzip"},
        {"Accept": "text/html"},
        {"Origin": "https://friend.example"},
        {"Origin": "https://stranger.example", "Accept-Encoding": "gzip"},
        {"Range": "bytes=0-9"},
        {"If-Modified-Since": "Thu, 01 Jan 2099 00:00:00 GMT"},
        {"If-None-Match": '"other"'},
        {"If-None-Match": "*"},
    ],
    ids=str,
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_kept_answer_looks_like_a_workers(stocked: Stack, query: str, headers: dict[str, str], method: str) -> None:
    client = Client(stocked.url)
    keep(stocked, query)
    kept = client.request(method, f"/api/images/?{query}", headers=headers)
    asked = client.request(method, f"/api/images/?{query}", headers={**headers, **PAST_FILES})
    assert comparable(kept) == comparable(asked)


@pytest.mark.parametrize("encoding", ["identity", "gzip"])
def test_what_the_visitor_has_is_304_whoever_answers(stocked: Stack, encoding: str) -> None:
    client = Client(stocked.url)
    keep(stocked, BIG)
    fields = {"Accept-Encoding": encoding}
    tag = client.get(f"/api/images/?{BIG}", fields).headers["ETag"]
    kept = client.get(f"/api/images/?{BIG}", {**fields, "If-None-Match": tag})
    asked = client.get(f"/api/images/?{BIG}", {**fields, "If-None-Match": tag, **PAST_FILES})
    assert (kept.status, kept.body) == (304, b"")
    assert comparable(kept) == comparable(asked)


def test_a_change_to_a_list_of_the_same_length_has_another_etag(
    system: Stack, visitor: Client, collection: str
) -> None:
    query, sent = f"collection={collection}", picture(color=(1, 2, 3))
    first = visitor.upload("a.png", sent, fields={"collection": collection}).json["filename"]
    before = keep(system, query)
    visitor.delete(first)
    assert visitor.upload("b.png", sent, fields={"collection": collection}).status == 201
    after = visitor.get(f"/api/images/?{query}", {"If-None-Match": before.headers["ETag"]})
    assert after.status == 200
    keep(system, query)
    again = visitor.get(f"/api/images/?{query}", {"If-None-Match": before.headers["ETag"]})
    assert (again.status, again.body) == (200, after.body)
    assert [image["original_name"] for image in again.json["images"]] == ["b.png"]


def test_each_host_and_scheme_has_links_of_its_own(system: Stack, visitor: Client, collection: str) -> None:
    visitor.upload("a.png", picture(), fields={"collection": collection})
    query = f"collection={collection}"
    ways: list[tuple[str, dict[str, str]]] = [
        (system.url, {}),
        ("http://pictures.example:81", {"Host": "pictures.example:81"}),
        ("http://pictures.example", {"X-Forwarded-Host": "pictures.example"}),
        ("https://pictures.example", PROXY),
    ]
    for base, headers in ways:
        keep(system, query, headers=headers, base=base)
    answers = [visitor.get(f"/api/images/?{query}", headers) for _, headers in ways]
    assert by_nginx(system, answers) == [True] * len(ways)
    for (base, _), answer in zip(ways, answers, strict=True):
        assert answer.json["images"][0]["absolute_url"].startswith(f"{base}/images/")


def test_with_a_public_address_one_list_is_kept_for_all_hosts_and_its_links_lead_there(state: Path) -> None:
    public = "https://pictures.example"
    with Stack(state=state, workers=2, fsync=False, settings={"PUBLIC_URL": f"{public}/"}) as stack:
        client = Client(stack.url)
        url = client.upload("a.png", picture()).json["url"]
        keep(stack, "per_page=8", base=public)
        answers = [client.get("/api/images/?per_page=8", {"Host": host}) for host in ("one.example", "two.example:81")]
        assert by_nginx(stack, answers) == [True, True]
        for answer in answers:
            assert [image["absolute_url"] for image in answer.json["images"]] == [f"{public}{url}"]
        assert client.delete(url.rpartition("/")[2]).status == 200
        assert client.get("/api/images/?per_page=8").json["images"] == []
