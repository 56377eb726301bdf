"""What Shoebox is compared with does what it is there for."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, closing
from functools import partial
from io import BytesIO
from itertools import islice
from pathlib import Path

import pytest
from PIL import Image

from tests.bench.arena import BASELINES
from tests.bench.contestants import Contestant, bare, front, statements
from tests.bench.contestants.ancestor import MOST_CLIENTS, NAME, ancestor
from tests.bench.contestants.baselines import fastapi, flask
from tests.bench.pictures import KINDS, SALTS, pool
from tests.bench.uploads import Uploader
from tests.client import Client
from tests.pictures import PHOTOS
from tests.stack.process import start_time
from tests.stack.stack import Stack

PHOTO = next(photo for photo in PHOTOS if photo.name == "hubble_deep_field.jpg").read_bytes()  # with EXIF
Start = Callable[[Stack], AbstractContextManager[Contestant]]
FULL = [name for name in BASELINES if name.endswith("-full")]


@pytest.fixture(scope="module")
def baseline(request: pytest.FixtureRequest, stack: Stack) -> Iterator[Contestant]:
    """A running one, called by its name."""
    with BASELINES[request.param](stack) as contestant:
        yield contestant


@pytest.mark.parametrize("baseline", BASELINES, indirect=True)
def test_a_baseline_keeps_lists_serves_and_deletes_a_picture(baseline: Contestant) -> None:
    client = Client(baseline.base_url)
    answer = client.upload("photo.jpg", PHOTO, path=baseline.upload_path)
    assert answer.status == 201
    assert client.get(baseline.list_path).json["images"] == [answer.json]
    picture = client.get(baseline.picture_path(answer.json))
    assert (picture.status, picture.type) == (200, "image/jpeg")
    with Image.open(BytesIO(picture.body)) as shown:
        assert shown.size == (1000, 872)
    assert client.request("DELETE", baseline.delete_path(answer.json)).status == 200
    assert client.get(baseline.picture_path(answer.json)).status == 404
    assert client.request("DELETE", baseline.delete_path(answer.json)).status == 404
    assert client.get(baseline.list_path).json["total"] == 0


@pytest.mark.parametrize("baseline", BASELINES, indirect=True)
def test_a_baseline_refuses_what_it_cannot_keep(baseline: Contestant) -> None:
    client = Client(baseline.base_url)
    assert client.upload("program.exe", b"MZ", path=baseline.upload_path).status == 415
    assert client.post(baseline.upload_path).status in {400, 422}
    assert client.get("/images/..%2fsecret").status == 404


@pytest.mark.parametrize("baseline", FULL, indirect=True)
def test_a_full_baseline_strips_a_picture_and_keeps_nothing_of_a_damaged_one(
    baseline: Contestant, stack: Stack
) -> None:
    client = Client(baseline.base_url)
    images = stack.layout.work / "contestants" / baseline.name / "images"
    answer = client.upload("photo.jpg", PHOTO, path=baseline.upload_path).json
    with Image.open(BytesIO(client.get(baseline.picture_path(answer)).body)) as shown:
        assert "exif" not in shown.info
    (thumbnail,) = images.glob("thumbnails/*")
    with Image.open(thumbnail) as small:
        assert (small.format, small.size) == ("WEBP", (320, 279))
    client.request("DELETE", baseline.delete_path(answer))
    assert client.upload("half.jpg", PHOTO[: len(PHOTO) // 2], path=baseline.upload_path).status == 422
    assert [file for file in images.rglob("*") if file.is_file()] == []


@pytest.mark.parametrize("baseline", [NAME], indirect=True)
def test_the_ancestor_loses_nothing_of_a_crowd_that_its_listeners_have_no_room_for(
    baseline: Contestant, tmp_path: Path
) -> None:
    uploader = Uploader(baseline, tmp_path)
    answers = uploader.store("50k", 4 * MOST_CLIENTS, clients=MOST_CLIENTS)
    assert len({answer["filename"] for answer in answers}) == 4 * MOST_CLIENTS
    assert not uploader.delete(answers, clients=MOST_CLIENTS).errors
    assert Client(baseline.base_url).get(baseline.list_path).json["total"] == 0


@pytest.mark.parametrize("baseline", [NAME], indirect=True)
def test_the_ancestor_gives_its_pages_in_every_order(baseline: Contestant) -> None:
    client = Client(baseline.base_url)
    stored = [client.upload(name, PHOTO, path=baseline.upload_path).json for name in ("b.jpg", "a.jpg", "c.jpg")]
    for query, wanted in {"sort=name&order=asc": "abc", "sort=age": "cab", "sort=name&page=2&per_page=2": "a"}.items():
        images = client.get(f"{baseline.list_path.partition('?')[0]}?{query}").json["images"]
        assert "".join(image["original_name"][0] for image in images) == wanted
    assert client.get(f"{baseline.list_path.partition('?')[0]}?sort=color").status == 400
    for image in stored:
        client.request("DELETE", baseline.delete_path(image))


@pytest.mark.parametrize(
    "start", [partial(ancestor, workers=2), partial(fastapi, workers=2), partial(flask, workers=2, threads=0)]
)
def test_nothing_of_a_baseline_is_left_running(stack: Stack, start: Start) -> None:
    with start(stack) as contestant:
        processes = contestant.process_ids()
        assert len(processes) > 4
    assert [process for process in processes if start_time(process)] == []


def test_nginx_answers_a_text_and_headers_out_of_its_memory(state: Path) -> None:
    body = json.dumps({"images": [{"name": 'a "photo" \\ Straße'}] * 200}, ensure_ascii=False)
    headers = {"Content-Type": "application/json", "X-Request-ID": "0123456789abcdef", "Server": "another"}
    with front.constant(state, body=body, headers=headers, processes=1) as limit:
        answer = Client(limit.base_url).get("/api/images/?page=1")
    assert (answer.status, answer.text, answer.type) == (200, body, "application/json")
    assert answer.request_id == "0123456789abcdef"


@pytest.mark.parametrize("like_ours", [False, True])
def test_nginx_serves_a_file(state: Path, like_ours: bool) -> None:
    (state / "files").mkdir()
    (state / "files" / "photo.jpg").write_bytes(PHOTO)
    with front.static(state, root=state / "files", like_ours=like_ours) as limit:
        answer = Client(limit.base_url).get("/photo.jpg")
        assert Client(limit.base_url).get("/other.jpg").status == 404
    assert (answer.status, answer.type, answer.body) == (200, "image/jpeg", PHOTO)
    assert ("Content-Security-Policy" in answer.headers) is like_ours


@pytest.mark.parametrize(("pooled", "mode"), [(False, "simple"), (False, "prepared"), (True, "simple")])
def test_the_database_carries_out_the_statements_of_the_repository(
    stack: Stack, pooled: bool, mode: statements.Mode
) -> None:
    login = stack.pgbouncer.login if pooled else stack.postgres.login
    before = _rows(stack)
    samples = {
        name: statements.measure(login, name, clients=2, times=5, mode=mode)
        for name in (statements.INSERT, statements.LIST, statements.DELETE)
    }
    assert {name: sample.requests for name, sample in samples.items()} == {"insert": 10, "list": 10, "delete": 10}
    assert _rows(stack) == before


def test_a_deletion_on_the_database_finds_what_was_inserted(stack: Stack) -> None:
    before = _rows(stack)
    statements.measure(stack.postgres.login, statements.INSERT, clients=2, times=5)
    assert _rows(stack) == before + 10
    statements.measure(stack.postgres.login, statements.DELETE, clients=2, times=5)
    assert _rows(stack) == before


def _rows(stack: Stack) -> int:
    with closing(stack.postgres.login.connect()) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM images")
        return int((cursor.fetchone() or (0,))[0])


def test_the_least_an_upload_costs_is_its_hash_and_a_thumbnail(tmp_path: Path) -> None:
    digest, thumbnail = bare.digest_and_thumbnail(PHOTO)
    assert digest == hashlib.sha256(PHOTO).hexdigest()
    with Image.open(BytesIO(thumbnail)) as small:
        assert (small.format, small.size) == ("WEBP", (320, 279))
    found = bare.measure(tmp_path, "50k", seconds=0.2)
    assert found.rate > 0
    assert found.milliseconds > 0


@pytest.mark.parametrize("name", ["50k", "200k", "500k"])
def test_pictures_are_always_the_same_and_of_the_size_they_are_called_by(tmp_path: Path, name: str) -> None:
    first, second = (pool(tmp_path / run, name, 2) for run in ("first", "second"))
    assert [file.read_bytes() for file in first.files] == [file.read_bytes() for file in second.files]
    for file in first.files:
        assert file.stat().st_size == pytest.approx(KINDS[name].size, rel=0.05)


@pytest.mark.parametrize("name", ["50k", "200k"])
def test_every_salt_makes_another_picture_that_is_whole(tmp_path: Path, name: str) -> None:
    pictures = pool(tmp_path, name, 2)
    assert len(set(pictures.salts)) == SALTS
    bodies = list(islice(pictures.bodies(), 40))
    assert len({_digest_of_whole(body) for body in bodies}) == 40


def _digest_of_whole(body: bytes) -> bytes:
    """The digest of a picture that can be decoded."""
    with Image.open(BytesIO(body)) as picture:
        picture.load()
    return hashlib.sha256(body).digest()


def test_a_salted_picture_is_another_one_to_us_too(stack: Stack, tmp_path: Path) -> None:
    client = Client(stack.url)
    answers: list[Mapping[str, str]] = []
    for name in ("50k", "200k"):
        for body in islice(pool(tmp_path, name, 1).bodies(), 2):
            answers.append(client.upload(f"{name}.jpg", body).json)
    for answer in answers:
        client.delete(answer["filename"])
    assert len({answer["sha256"] for answer in answers}) == 4
