"""Archives of our own making, read by somebody else's program."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from shoebox.app import zipping
from shoebox.app.zipping import zipped

WHEN = datetime(2026, 11, 20, 10, 30, 58, tzinfo=UTC)


class Pipe(io.BytesIO):
    """What is only written to, front to back."""

    def seekable(self) -> bool:
        return False

    def seek(self, _place: int, _whence: int = 0, /) -> int:
        raise io.UnsupportedOperation

    def tell(self) -> int:
        raise io.UnsupportedOperation


def read(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def test_an_archive_holds_what_was_put_in() -> None:
    pipe = Pipe()
    with zipped(pipe) as archive:
        archive.add("images/a.jpg", io.BytesIO(b"abc" * 1000), WHEN)
        archive.add("images/b.jpg", io.BytesIO(b""))
        archive.add_text("index.json", io.BytesIO(b"[]\n" * 5000))
    whole = pipe.getvalue()
    assert read(whole) == {"images/a.jpg": b"abc" * 1000, "images/b.jpg": b"", "index.json": b"[]\n" * 5000}
    with zipfile.ZipFile(io.BytesIO(whole)) as opened:
        first, _, index = opened.infolist()
    assert first.date_time == (2026, 11, 20, 10, 30, 58)
    assert first.external_attr >> 16 == 0o100644
    assert (first.compress_type, index.compress_type) == (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
    assert not first.flag_bits  # no sizes after the bytes


def test_an_empty_archive_is_one() -> None:
    file = io.BytesIO()
    with zipped(file):
        pass
    assert read(file.getvalue()) == {}


@pytest.mark.parametrize("year", [1, 1979, 2108, 9999])
def test_a_time_that_no_archive_can_say_is_left_out(year: int) -> None:
    file = io.BytesIO()
    with zipped(file) as archive:
        archive.add("a", io.BytesIO(b"a"), WHEN.replace(year=year))
    with zipfile.ZipFile(file) as opened:
        assert opened.infolist()[0].date_time == (1980, 1, 1, 0, 0, 0)


def test_a_file_too_large_for_memory_is_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zipping, "IN_MEMORY", 10)
    file = io.BytesIO()
    with zipped(file) as archive:
        archive.add("a", io.BytesIO(b"0123456789" * 100_000))
    assert read(file.getvalue()) == {"a": b"0123456789" * 100_000}


def test_there_may_be_more_files_than_two_bytes_can_count() -> None:
    file = io.BytesIO()
    with zipped(file) as archive:
        for number in range(0x1_0001):
            archive.add(str(number), io.BytesIO(b""))
    with zipfile.ZipFile(file) as opened:
        assert len(opened.namelist()) == 0x1_0001


def test_an_archive_may_reach_farther_than_four_bytes_can_say(tmp_path: Path) -> None:
    place = 5 * 2**30
    with (tmp_path / "far.zip").open("wb") as file:  # a hole takes no room on the disk
        file.seek(place)
        with zipped(file, place=place) as archive:
            archive.add("a", io.BytesIO(b"a" * 100))
            archive.add("b", io.BytesIO(b"b" * 100))
    with zipfile.ZipFile(tmp_path / "far.zip") as opened:
        assert [opened.read(name) for name in opened.namelist()] == [b"a" * 100, b"b" * 100]
        assert opened.infolist()[0].header_offset == place
