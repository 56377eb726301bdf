"""A picture travels the whole way: up, into the gallery, to a link, and out again."""

from __future__ import annotations

import hashlib
import io
import re
from pathlib import Path

import pytest
from PIL import Image

from tests.client import Client
from tests.compose.compose import Compose
from tests.pictures import PHOTOS, picture
from tests.stack.embedded import Embedded
from tests.stack.logs import entries, mentions
from tests.stack.process import wait_until
from tests.stack.stack import Stack

PATIENCE = 60.0  # seconds; Nginx writes its lines within one


def logged(file: Path, *ids: str) -> None:
    """Wait for the lines of these requests: one is written after its answer was sent."""
    wait_until(lambda: mentions(file, *ids), patience=PATIENCE, what=f"{file.name} holds {len(ids)} ids")


@pytest.mark.parametrize("photo", PHOTOS, ids=lambda photo: photo.name)
def test_a_photograph_goes_up_is_listed_fetched_and_deleted(client: Client, photo: Path) -> None:
    up = client.upload(photo.name, photo.read_bytes())
    assert up.status == 201
    key = up.json["filename"]
    assert up.headers["Location"] == up.json["url"] == f"/images/{key}"
    assert up.json["original_name"] == photo.name
    assert key in client.list().json["files"]
    file = client.get(up.json["url"])
    assert hashlib.sha256(file.body).hexdigest() == up.json["sha256"]
    assert len(file.body) == up.json["size"]
    with Image.open(photo) as original, Image.open(io.BytesIO(file.body)) as served:
        assert (up.json["width"], up.json["height"]) == original.size
        assert original.tobytes() == served.tobytes()
    assert client.delete(key).json == {"message": f"File '{key}' deleted successfully."}
    assert client.get(up.json["url"]).status == 404
    assert key not in client.list(per_page=100).json["files"]
    assert client.delete(key).status == 404


def test_a_picture_without_metadata_is_served_byte_for_byte(client: Client) -> None:
    data = picture()
    assert client.get(client.upload("a.png", data).json["url"]).body == data


def test_the_image_object_has_exactly_the_agreed_keys(client: Client) -> None:
    image = client.upload("Beach day.PNG", picture(8, 6), fields={"collection": "Summer"}).json
    assert set(image) == {
        *("id", "filename", "original_name", "url", "absolute_url", "thumbnail_url", "size", "width", "height"),
        *("file_type", "content_type", "upload_time", "sha256", "color", "collection"),
    }
    assert re.fullmatch(r"[A-Za-z0-9]{11,}\.png", image["filename"])
    assert image["absolute_url"] == f"{client.url}/images/{image['filename']}"
    assert image["thumbnail_url"] == f"/thumbs/320/{image['filename']}"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", image["upload_time"])
    assert re.fullmatch(r"#[0-9a-f]{6}", image["color"])
    assert (image["width"], image["height"]) == (8, 6)
    assert (image["file_type"], image["content_type"], image["collection"]) == ("png", "image/png", "Summer")
    assert client.get(f"/api/images/{image['filename']}").json == image


def test_what_was_just_uploaded_is_in_the_next_list_of_any_worker(client: Client) -> None:
    for number in range(100):
        key = client.upload(f"{number}.png", picture()).json["filename"]
        assert client.list().json["files"][0] == key


def test_what_was_just_deleted_is_gone_from_the_next_list_and_address(client: Client) -> None:
    keys = [client.upload(f"{number}.png", picture()).json["filename"] for number in range(50)]
    for key in reversed(keys):
        assert client.get(f"/images/{key}").status == 200
        assert client.delete(key).status == 200
        assert client.get(f"/images/{key}").status == 404
        assert client.get(f"/thumbs/320/{key}").status == 404
        assert key not in client.list().json["files"]


def test_every_worker_takes_part_and_its_lines_carry_the_requests_id(topology: Embedded | Stack | Compose) -> None:
    client = Client(topology.url)
    answer = client.get("/health", headers={"X-Request-ID": "acceptance-0001"})
    assert answer.request_id == "acceptance-0001"
    assert answer.json["status"] == "healthy"
    logged(topology.app_log, "acceptance-0001")


def test_nginx_and_the_workers_log_the_same_request_id_and_all_workers_answer(stack: Stack) -> None:
    client = Client(stack.url)
    ids = {client.get("/health").request_id for _ in range(60)}  # a list may be answered without them
    nginx_log = stack.layout.logs / "nginx" / "access.log"
    logged(nginx_log, *ids)
    logged(stack.app_log, *ids)
    workers = {f"127.0.0.1:{stack.start_port + index}" for index in range(stack.worker_count)}
    assert workers <= {line["worker"] for line in entries(nginx_log)}
