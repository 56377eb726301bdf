"""Jobs and answers arrive as they were sent, or not at all."""

from __future__ import annotations

import os
import socket
import struct
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from shoebox.domain.errors import InvalidImage, ShoeboxError, StorageFull, Unavailable, UnsupportedFormat
from shoebox.domain.image import Facts, Format
from shoebox.imaging import wire
from shoebox.ports import Examined

EXAMINED = Examined(
    facts=Facts(format=Format.AVIF, width=3, height=2, size=9, sha256="00ff", color="#010203"), thumbnail=b"RIFF"
)

Pair = tuple[socket.socket, socket.socket]


class Pipe:
    """Where one answer goes."""

    def __init__(self) -> None:
        self.reading, self.writing = wire.reply_pipe()
        self.opened = [self.reading, self.writing]

    def close(self, end: int) -> None:
        self.opened.remove(end)
        os.close(end)


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    pipe = Pipe()
    yield pipe
    for end in pipe.opened:
        os.close(end)


@pytest.fixture
def queue() -> Iterator[Pair]:
    one, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    with one, other:
        other.settimeout(60)
        yield one, other


@pytest.mark.parametrize("answer", [EXAMINED, b"", b"webp" * 10_000])
def test_an_answer_arrives(pipe: Pipe, answer: Examined | bytes) -> None:
    wire.send_answer(pipe.writing, answer)
    assert wire.receive_answer(pipe.reading, 5) == answer


def test_an_answer_arrives_that_is_more_than_a_pipe_holds(pipe: Pipe) -> None:
    answer = os.urandom(1_000_000)
    decoder = threading.Thread(target=wire.send_answer, args=(pipe.writing, answer))
    decoder.start()
    assert wire.receive_answer(pipe.reading, 30) == answer
    decoder.join(30)


def test_an_answer_that_does_not_come_is_not_waited_for_any_longer(pipe: Pipe) -> None:
    with pytest.raises(TimeoutError):
        wire.receive_answer(pipe.reading, 0.01)


@pytest.mark.parametrize("error", [InvalidImage, UnsupportedFormat, Unavailable, StorageFull, ShoeboxError])
def test_an_error_arrives_with_its_words(pipe: Pipe, error: type[ShoeboxError]) -> None:
    wire.send_answer(pipe.writing, error("Größe"))
    with pytest.raises(error, match="Größe"):
        wire.receive_answer(pipe.reading, 5)


@pytest.mark.parametrize("detail", ["", " ", "a  b ", "x\ny", "\u00e9"])
def test_the_words_of_an_error_arrive_letter_for_letter(pipe: Pipe, detail: str) -> None:
    wire.send_answer(pipe.writing, InvalidImage(detail))
    with pytest.raises(InvalidImage) as caught:
        wire.receive_answer(pipe.reading, 5)
    assert str(caught.value) == detail


def test_an_error_with_words_that_are_no_text_arrives_all_the_same(pipe: Pipe) -> None:
    wire.send_answer(pipe.writing, InvalidImage("\udcff"))
    with pytest.raises(InvalidImage, match="udcff"):
        wire.receive_answer(pipe.reading, 5)


@pytest.mark.parametrize("part", [b"", b"t\x00\x00", struct.pack(">cII", b"t", 2, 5) + b"..abc", b"\xff" * 9])
def test_half_an_answer_is_none(pipe: Pipe, part: bytes) -> None:
    os.write(pipe.writing, part)
    pipe.close(pipe.writing)
    with pytest.raises(wire.Hangup):
        wire.receive_answer(pipe.reading, 5)


def test_an_answer_to_somebody_who_left_is_no_error(pipe: Pipe) -> None:
    pipe.close(pipe.reading)
    wire.send_answer(pipe.writing, EXAMINED)


@pytest.mark.parametrize("job", [wire.Job(), wire.Job(width=1280), wire.Job(large=True), wire.Job(width=1, large=True)])
def test_a_job_arrives_as_it_was_asked(queue: Pair, pipe: Pipe, job: wire.Job) -> None:
    wire.send_job(queue[0], job, pipe.reading, pipe.writing)
    delivery = wire.receive_job(queue[1])
    assert delivery is not None
    with delivery:
        assert delivery.job == job


def test_a_job_arrives_with_its_file(queue: Pair, pipe: Pipe, tmp_path: Path) -> None:
    path = tmp_path / "picture"
    path.write_bytes(b"pixels")
    with path.open("rb") as file:
        wire.send_job(queue[0], wire.Job(width=160), file.fileno(), pipe.writing)
    delivery = wire.receive_job(queue[1])
    assert delivery is not None
    with delivery:
        assert (delivery.job.width, os.pread(delivery.picture, 99, 0), delivery.wanted) == (160, b"pixels", True)


def test_a_job_nobody_waits_for_is_told(queue: Pair, pipe: Pipe) -> None:
    wire.send_job(queue[0], wire.Job(), 0, pipe.writing)
    pipe.close(pipe.reading)
    delivery = wire.receive_job(queue[1])
    assert delivery is not None
    with delivery:
        assert not delivery.wanted


@pytest.mark.parametrize("datagram", [b"", b"hello", b"[]", b'{"depth": 1}', b"{}"])
def test_a_datagram_that_is_no_job_is_dropped_and_its_files_closed(queue: Pair, pipe: Pipe, datagram: bytes) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    socket.send_fds(queue[0], [datagram], [pipe.writing])
    assert wire.receive_job(queue[1]) is None
    assert len(list(Path("/proc/self/fd").iterdir())) == before
