"""One suite over every codec: in this process, in decoder processes, and the stand-in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from services.backend.tests.decoders import LIMITS, Crew, crew
from services.backend.tests.fakes.codec import MemoryCodec
from shoebox.imaging.codec import PillowCodec
from shoebox.imaging.remote import RemoteCodec
from shoebox.ports import ImageCodec
from tests.data.case import Case
from tests.data.corpus import build


@pytest.fixture(scope="session")
def decoders() -> Iterator[Crew]:
    """Two decoders that all tests share: leave them alive."""
    with crew(2) as running:
        yield running


@pytest.fixture(params=["pillow", "remote"])
def real_codec(request: pytest.FixtureRequest) -> ImageCodec:
    """The codecs that look at pixels."""
    if request.param == "pillow":
        return PillowCodec(LIMITS)
    running: Crew = request.getfixturevalue("decoders")
    return RemoteCodec(running.jobs)


@pytest.fixture(params=["pillow", "remote", "memory"])
def codec(request: pytest.FixtureRequest) -> ImageCodec:
    """All codecs."""
    if request.param == "memory":
        return MemoryCodec()
    if request.param == "pillow":
        return PillowCodec(LIMITS)
    running: Crew = request.getfixturevalue("decoders")
    return RemoteCodec(running.jobs)


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Case, Path]]:
    """Every case of the corpus by name, with its file."""
    return {case.name: (case, path) for case, path in build(tmp_path_factory.mktemp("corpus"))}
