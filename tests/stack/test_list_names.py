"""Which requests for a list Nginx answers with a file: those whose file the workers would have made."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from shoebox.domain.errors import BadRequest
from shoebox.web.body import NO_BODY
from shoebox.web.kept import name_of
from shoebox.web.request import Request, check_host
from shoebox.web.target import parse_target
from tests.client import Answer
from tests.stack.answers import reached_worker
from tests.stack.conftest import WORKERS, Front, FrontMaker
from tests.stack.stub import StubWorker

PUBLIC: Final = "https://pictures.example"
QUERIES: Final = [
    "",
    "page=1",
    "page=99999",
    "per_page=1",
    "per_page=100",
    "page=2&per_page=20&sort_param=sort_age&sort_value=desc&collection=Trip_2026-x",
    "sort_param=sort_name",
    "sort_value=asc",
    "collection=" + "x" * 64,
    "&per_page=8",
]
ODD_QUERIES: Final = [
    "page=0",
    "page=01",
    "page=100000",
    "per_page=101",
    "per_page=20&page=2",
    "page=1&page=2",
    "page=1&",
    "page=%31",
    "page=1&x=y",
    "q=",
    "cursor=x",
    "collection=" + "x" * 65,
    "collection=../../canary",
    "collection=..%2f..%2fcanary",
    "collection=%2e%2e",
    "collection=a%00b",
    "collection=a/b",
    "../canary",
    "/../canary",
    "page=1/../../canary",
    "page=1%0a",
    "page=1&per_page=20" + "x" * 4000,
    "?",
    "PAGE=1",
    "page=1;per_page=8",
    "@",
]
HOSTS: Final = ["shoebox", "pictures.example:8443", "[::1]:8080", "a-b.c", "a.b", "x" * 80]
ODD_HOSTS: Final = [
    "Shoebox",
    "a_b",
    "x" * 81,
    "%2e%2e",
    "a@b",
    "a?b",
    "a\\b",
    "*",
    "-",
    "a b",
    "a,b",
    'a"b',
    "ä",
    "$host",
]
UNSENDABLE: Final = ["..", ".", "a..b", "/", "a/b", "../canary", "a\0b"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lists:
    """Nginx with a folder of kept lists before workers that echo."""

    front: Front
    current: Path

    def keep(self, name: str) -> None:
        """A file as a worker leaves it."""
        (self.current / name).write_text('{"kept": true}')
        os.utime(self.current / name, (2**33 - 1, 2**33 - 1))

    def ask(self, query: str, host: str, **fields: str) -> Answer:
        """GET of a list; `fields` with underscores for hyphens."""
        headers = {name.replace("_", "-"): value for name, value in fields.items()}
        address = f"/api/images/?{query}" if query else "/api/images/"
        return self.front.client.get(address, {"Host": host, **headers})


@pytest.fixture(scope="module", params=["", PUBLIC])
def public(request: pytest.FixtureRequest) -> str:
    """PUBLIC_URL."""
    return str(request.param)


@pytest.fixture(scope="module")
def lists(make_front: FrontMaker, public: str, state_root: Path) -> Iterator[Lists]:
    folder = state_root / f"lists-{bool(public)}"
    current = folder / "current"
    current.mkdir(parents=True)
    for place in (folder.parent, folder, current):
        (place / "canary").write_text("a secret")
    front = make_front(LIST_CACHE_DIR=str(folder), PUBLIC_URL=public)
    workers = [StubWorker(front.first_worker + number) for number in range(WORKERS)]
    yield Lists(front=front, current=current)
    for worker in workers:
        worker.close()


def name_by_workers(query: str, host: str, public: str) -> str | None:
    """What a worker would call the file; None too where it refuses the request."""
    try:
        request = Request(
            id="0123456789abcdef",
            method="GET",
            target=parse_target(f"/api/images/?{query}" if query else "/api/images/"),
            fields={},
            client="192.0.2.1",
            base_url=public or f"http://{check_host(host)}",
            host=check_host(host),
            body=NO_BODY,
        )
    except BadRequest:
        return None
    return name_of(request)


def is_kept(answer: Answer) -> bool:
    return answer.status == 200 and answer.json == {"kept": True}


@pytest.mark.parametrize("query", QUERIES)
@pytest.mark.parametrize("host", HOSTS)
def test_nginx_and_the_workers_call_a_list_the_same(lists: Lists, public: str, query: str, host: str) -> None:
    name = name_by_workers(query, host, public)
    assert name
    (lists.current / name).unlink(missing_ok=True)
    assert reached_worker(lists.ask(query, host))
    lists.keep(name)
    assert is_kept(lists.ask(query, host))
    (lists.current / name).unlink()


@pytest.mark.parametrize("query", ODD_QUERIES, ids=range(len(ODD_QUERIES)))
def test_an_odd_query_names_no_file(lists: Lists, public: str, query: str) -> None:
    assert name_by_workers(query, "shoebox", public) is None
    answer = lists.ask(query, "shoebox")
    assert reached_worker(answer)
    assert answer.json["path"] == f"/api/images/?{query}"


@pytest.mark.parametrize("host", ODD_HOSTS, ids=range(len(ODD_HOSTS)))
def test_an_odd_host_gets_a_file_where_a_worker_would_answer_with_the_same(
    lists: Lists, public: str, host: str
) -> None:
    known = name_by_workers("", "shoebox", public)
    assert known
    lists.keep(known)
    answer = lists.ask("", host.encode().decode("latin-1"))
    assert is_kept(answer) is (name_by_workers("", host, public) == known)


@pytest.mark.parametrize("host", UNSENDABLE, ids=range(len(UNSENDABLE)))
def test_a_host_that_looks_like_a_path_is_refused_or_asked_of_the_workers(lists: Lists, host: str) -> None:
    request = f"GET /api/images/ HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode()
    answer = lists.front.client.raw(request)
    assert b"a secret" not in answer
    assert answer.startswith(b"HTTP/1.1 400 ") or b'"worker":' in answer


@pytest.mark.parametrize("field", ["If-Match", "If-Unmodified-Since", "Tus-Resumable"])
def test_what_only_workers_know_is_asked_of_them(lists: Lists, public: str, field: str) -> None:
    name = name_by_workers("page=1", "shoebox", public)
    assert name
    lists.keep(name)
    assert is_kept(lists.ask("page=1", "shoebox"))
    assert reached_worker(lists.ask("page=1", "shoebox", **{field: "x"}))


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_only_reading_a_list_is_answered_with_a_file(lists: Lists, public: str, method: str) -> None:
    name = name_by_workers("page=1", "shoebox", public)
    assert name
    lists.keep(name)
    answer = lists.front.client.request(method, "/api/images/?page=1", body=b"a body", headers={"Host": "shoebox"})
    assert not (answer.body and is_kept(answer))


@pytest.mark.parametrize(
    "path", ["/api/images", "/api/images/%2e", "/api/images/canary", "/api/images/x/../", "/current/canary"]
)
def test_no_other_address_reaches_the_folder(lists: Lists, public: str, path: str) -> None:
    for host in ("shoebox", lists.front.client.url.removeprefix("http://")):
        name = name_by_workers("", host, public)
        assert name
        lists.keep(name)
        assert reached_worker(lists.front.client.get(path, {"Host": host}))


def test_a_whole_address_as_the_target_is_answered_for_the_host_that_nginx_tells_the_workers(
    lists: Lists, public: str
) -> None:
    request = b"GET http://other.example/api/images/?page=7 HTTP/1.1\r\nHost: shoebox\r\nConnection: close\r\n\r\n"
    _, _, asked = lists.front.client.raw(request).partition(b"\r\n\r\n")
    name = name_by_workers("page=7", json.loads(asked)["headers"]["Host"], public)
    assert name
    lists.keep(name)
    assert b'"kept"' in lists.front.client.raw(request)
