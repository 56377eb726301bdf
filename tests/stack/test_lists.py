"""Lists that Nginx gives by itself: never one that is behind, and never one that looks different."""

from __future__ import annotations

import base64
import gzip
import json
import random
import secrets
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from http.client import HTTPException
from pathlib import Path
from typing import Final

import pytest

from tests.client import Answer, Client
from tests.pictures import picture
from tests.robustness.command import shoebox
from tests.stack.process import StackError, wait_until
from tests.stack.stack import Stack

WORKERS: Final = 3
ASKS: Final = 40  # until every worker was asked often enough; no change is under way meanwhile
PATIENCE: Final = 30.0  # seconds
NO_FIELDS: Final[Mapping[str, str]] = {}
OF_THE_MOMENT: Final = {"date", "x-request-id", "connection"}
# A condition that keeps Nginx from looking for a file, and means nothing to the workers.
PAST_FILES: Final = {"If-Unmodified-Since": "-"}
PROXY: Final = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "pictures.example"}


@pytest.fixture(scope="module")
def system(state_root: Path) -> Iterator[Stack]:
    """A stack of its own: elsewhere processes are killed, and then nothing is kept for a minute."""
    settings = {"CORS_ORIGINS": "https://friend.example", "TRUSTED_PROXIES": "127.0.0.1"}
    with Stack(state=state_root / "kept", workers=WORKERS, fsync=False, settings=settings) as running:
        yield running


@pytest.fixture
def visitor(system: Stack) -> Client:
    return Client(system.url)


@pytest.fixture
def collection() -> str:
    """A name that no other test uses."""
    return f"Kept_{secrets.token_hex(6)}"


def lists_folder(system: Stack) -> Path:
    return system.layout.work / "lists"


def is_kept(system: Stack, query: str, base: str) -> bool:
    return (lists_folder(system) / "current" / f"{base.replace('://', '@')}@{query}").exists()


def keep(system: Stack, query: str, *, headers: Mapping[str, str] = NO_FIELDS, base: str = "") -> Answer:
    """Ask until Nginx has the answer; the worker's that it was made of."""
    client = Client(system.url)
    for _ in range(ASKS):
        answer = client.get(f"/api/images/?{query}", headers)
        assert answer.status == 200
        if is_kept(system, query, base or system.url):
            return answer
    raise AssertionError(f"the list {query} is not kept")


def by_nginx(system: Stack, answers: list[Answer]) -> list[bool]:
    """Whether each was given without a worker, as the access log has it within a second or so."""
    wanted = {answer.request_id for answer in answers}

    def entries() -> dict[str, bool]:
        lines = [json.loads(line) for line in system.nginx.access_log.read_text().splitlines()]
        return {line["request_id"]: line["worker"] == "" for line in lines if line["request_id"] in wanted}

    wait_until(lambda: entries().keys() == wanted, patience=PATIENCE, what="all answers are in the log")
    found = entries()
    return [found[answer.request_id] for answer in answers]


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
    answers = [visitor.list(q="x", per_page=3) for _ in range(2 * WORKERS + 1)]
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


# Changes

Change = Callable[[Stack, Client, str, Path], None]


def upload(_: Stack, client: Client, collection: str, __: Path) -> None:
    assert client.upload("new.png", picture(), fields={"collection": collection}).status == 201


def put(_: Stack, client: Client, collection: str, __: Path) -> None:
    assert client.request("PUT", f"/api/upload/new.png?collection={collection}", body=picture()).status == 201


def upload_by_tus(_: Stack, client: Client, collection: str, __: Path) -> None:
    data, tus = picture(), {"Tus-Resumable": "1.0.0"}
    told = {"filename": "new.png", "collection": collection}
    metadata = ",".join(f"{name} {base64.b64encode(value.encode()).decode()}" for name, value in told.items())
    headers = {**tus, "Upload-Length": str(len(data)), "Upload-Metadata": metadata}
    place = client.post("/api/tus/", headers=headers).headers["Location"].removeprefix(client.url)
    headers = {**tus, "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
    assert client.request("PATCH", place, body=data, headers=headers).status == 204


def upload_as_older_clients(_: Stack, client: Client, collection: str, __: Path) -> None:
    assert client.upload("new.png", picture(), path=f"/upload/{collection}").status == 201


def import_folder(system: Stack, _: Client, collection: str, folder: Path) -> None:
    taken_in = system.layout.work / f"import-{collection}"
    taken_in.mkdir(mode=0o755)
    (taken_in / "new.png").write_bytes(picture())
    done: subprocess.CompletedProcess[str] = shoebox(system, "import", str(taken_in), "--collection", collection)
    assert "imported 1" in done.stdout, done.stdout + done.stderr


@pytest.mark.parametrize("change", [upload, put, upload_by_tus, upload_as_older_clients, import_folder])
def test_the_next_list_has_what_was_added(
    system: Stack, visitor: Client, collection: str, tmp_path: Path, change: Change
) -> None:
    queries = [f"collection={collection}", f"page=1&per_page=20&collection={collection}", "per_page=1"]
    for query in queries:
        keep(system, query)
    with ExitStack() as held:
        others = [held.enter_context(visitor.keep_alive()) for _ in range(WORKERS)]
        assert [other.list(collection=collection).json["total_items"] for other in others] == [0] * WORKERS
        change(system, visitor, collection, tmp_path)
        for other in others:
            for query in queries:
                assert other.get(f"/api/images/?{query}").json["images"][0]["original_name"] == "new.png"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("DELETE", "/api/images/{key}"),
        ("POST", "/delete/{key}"),
        ("DELETE", "/delete/{number}"),
    ],
)
def test_the_next_list_lacks_what_was_deleted(
    system: Stack, visitor: Client, collection: str, method: str, path: str
) -> None:
    image = visitor.upload("a.png", picture(), fields={"collection": collection}).json
    queries = [f"collection={collection}", f"page=1&collection={collection}"]
    for query in queries:
        assert keep(system, query).json["files"] == [image["filename"]]
    address = path.format(key=image["filename"], number=image["id"])
    assert visitor.request(method, address).status in {200, 303}
    for query in queries:
        assert visitor.get(f"/api/images/?{query}").json["files"] == []


def test_what_one_worker_changed_no_other_remembers(system: Stack, visitor: Client, collection: str) -> None:
    """Past Nginx: whichever worker changes, Nginx gives no file of before."""
    query = f"collection={collection}"
    for index in range(WORKERS):
        assert keep(system, query).json["total_items"] == index
        worker = Client(f"http://127.0.0.1:{system.start_port + index}")
        assert worker.upload("a.png", picture(), fields={"collection": collection}).status == 201
        assert visitor.get(f"/api/images/?{query}").json["total_items"] == index + 1


# Under load

CHECKS: Final = 700  # a writer; each is one change and the look at the next list
READERS, WRITERS = 8, 2
SMALLEST: Final = picture(1, 1)
KILLING: Final = 5.0  # seconds


def read(system: Stack, query: str, ended: threading.Event) -> None:
    with Client(system.url).keep_alive() as client:
        while not ended.is_set():
            with suppress(HTTPException, OSError):
                client.get(f"/api/images/?{query}")


def change_and_look(client: Client, query: str, collection: str) -> list[str]:
    """What was wrong with the lists after an upload and after its deletion."""
    wrong = []
    answer = client.upload("a.png", SMALLEST, fields={"collection": collection})
    assert answer.status == 201
    key = answer.json["filename"]
    if key not in client.get(f"/api/images/?{query}").json["files"]:
        wrong.append(f"{key} was there")
    assert client.delete(key).status == 200
    if key in client.get(f"/api/images/?{query}").json["files"]:
        wrong.append(f"{key} was gone")
    return wrong


def test_no_list_is_behind_while_many_ask_and_some_change(system: Stack, collection: str) -> None:
    query, ended = f"per_page=100&collection={collection}", threading.Event()

    def write(_: int) -> list[str]:
        with Client(system.url).keep_alive() as client:
            return [wrong for _ in range(CHECKS // 2) for wrong in change_and_look(client, query, collection)]

    before = (system.layout.logs / "nginx" / "lists.count").stat().st_size
    with ThreadPoolExecutor(READERS + WRITERS) as pool:
        for _ in range(READERS):
            pool.submit(read, system, query, ended)
        try:
            assert [wrong for found in pool.map(write, range(WRITERS)) for wrong in found] == []
        finally:
            ended.set()
    assert (system.layout.logs / "nginx" / "lists.count").stat().st_size > before


def state_of(client: Client, query: str, headers: Mapping[str, str] = NO_FIELDS) -> tuple[str, ...]:
    """The files of a list; asked again while workers die."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        with suppress(HTTPException, OSError):
            answer = client.get(f"/api/images/?{query}", headers)
            if answer.status == 200:
                return tuple(answer.json["files"])
    raise AssertionError("no list for a long time")


def change_somehow(client: Client, collection: str, there: tuple[str, ...]) -> tuple[str, bool] | None:
    """Upload or delete something; which picture is certain now to be there or not, if any."""
    with suppress(HTTPException, OSError):
        if len(there) > 3:
            answer = client.delete(there[-1])
            return (there[-1], False) if answer.status == 200 else None
        answer = client.upload("a.png", SMALLEST, fields={"collection": collection})
        return (answer.json["filename"], True) if answer.status == 201 else None
    return None


def test_no_list_is_behind_while_workers_are_killed(system: Stack) -> None:
    ended, certain = threading.Event(), []

    def kill() -> None:
        while not ended.wait(random.uniform(0.1, 0.6)):
            with suppress(StackError, ProcessLookupError):
                system.kill_worker(random.randrange(WORKERS))

    def write(number: int) -> list[str]:
        client, collection, wrong = Client(system.url), f"Killed_{number}", []
        query = f"per_page=100&collection={collection}"
        there: tuple[str, ...] = ()
        while not ended.is_set():
            known = change_somehow(client, collection, there)
            # The database's word before and after: what a dead worker asked for may come true in between.
            before = state_of(client, query, PAST_FILES)
            listed = state_of(client, query)
            there = state_of(client, query, PAST_FILES)
            certain.append(known)
            if listed not in {before, there} or (known and (known[0] in listed) is not known[1]):
                wrong.append(f"{known}: {before}, {listed}, {there}")
        return wrong

    with ThreadPoolExecutor(WRITERS + 5) as pool:
        killer = pool.submit(kill)
        writers = [pool.submit(write, number) for number in range(WRITERS)]
        readers = [
            pool.submit(read, system, f"per_page=100&collection=Killed_{number % WRITERS}", ended)
            for number in range(4)
        ]
        ended.wait(KILLING)
        ended.set()
        assert [wrong for writer in writers for wrong in writer.result()] == []
        for done in (killer, *readers):
            done.result()
    assert len([known for known in certain if known]) > 10
