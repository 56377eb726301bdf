"""The corpus over HTTP, and what visitors may not find in what is served."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from shoebox.domain.image import Format
from tests.client import Answer, Client
from tests.data.case import STORED, Case
from tests.data.corpus import build
from tests.robustness.crowd import shared_out
from tests.specimens import MAKERS, NEEDLE
from tests.stack.embedded import Embedded

WIDTHS: Final = (160, 320, 640, 1280)
CLIENTS: Final = 4
CODES: Final = {400: "bad_request", 413: "file_too_large", 415: "unsupported_format", 422: "invalid_image"}
every_format = pytest.mark.parametrize("image_format", list(Format), ids=lambda image_format: image_format.name)


@pytest.fixture(scope="session")
def corpus(state_root: Path) -> list[tuple[Case, Path]]:
    """Every file, made once."""
    return build(state_root / "corpus")


def served(client: Client, key: str) -> Iterator[Answer]:
    """The file and every thumbnail."""
    yield client.get(f"/images/{key}")
    for width in WIDTHS:
        yield client.get(f"/thumbs/{width}/{key}")


def wrong(client: Client, case: Case, path: Path) -> str:
    """What is not as the manifest says, in words; nothing if all is."""
    answer = client.upload(case.name, path.read_bytes())
    told = answer.json
    if answer.status != case.status:
        return f"{case.name}: {answer.status} {answer.text}"
    if answer.status != STORED:
        return "" if told["code"] == CODES[case.status] else f"{case.name}: {answer.text}"
    if (told["width"], told["height"], told["file_type"]) != (case.width, case.height, case.file_type):
        return f"{case.name}: {answer.text}"
    file, *thumbnails = served(client, told["filename"])
    if (file.status, file.type, len(file.body)) != (200, told["content_type"], told["size"]):
        return f"{case.name}: the file is {file.status} {file.type}"
    kinds = {(thumbnail.status, thumbnail.type) for thumbnail in thumbnails}
    return "" if kinds == {(200, "image/webp")} else f"{case.name}: thumbnails are {kinds}"


@pytest.mark.timeout(300)
def test_every_file_of_the_corpus_is_answered_as_the_manifest_says(
    client: Client, corpus: list[tuple[Case, Path]]
) -> None:
    complaints = shared_out(lambda each: wrong(client, *each), corpus, clients=CLIENTS)
    assert [complaint for complaint in complaints if complaint] == []


@every_format
def test_no_place_is_told_by_any_served_byte(client: Client, image_format: Format) -> None:
    maker = MAKERS[image_format]
    for name, data in maker.loaded(maker.orientations[-1]).items():
        assert NEEDLE in data, name
        uploaded = client.upload(f"{name}.{image_format.value}", data)
        assert uploaded.status == 201, f"{name}: {uploaded.text}"
        for answer in served(client, uploaded.json["filename"]):
            assert answer.status == 200, name
            assert NEEDLE not in answer.body, name


@pytest.fixture(scope="module")
def keeping(state_root: Path) -> Iterator[Client]:
    """An embedded system that keeps metadata."""
    with Embedded(state=state_root / "keeping", settings={"KEEP_METADATA": "true"}) as running:
        yield Client(running.url)


@every_format
def test_metadata_is_kept_where_that_is_wanted(keeping: Client, image_format: Format) -> None:
    maker = MAKERS[image_format]
    for name, data in maker.loaded(maker.orientations[-1]).items():
        key = keeping.upload("a", data).json["filename"]
        file, *thumbnails = served(keeping, key)
        assert file.body == data, name
        assert not any(NEEDLE in thumbnail.body for thumbnail in thumbnails), name
