"""Forms, however their bytes are cut."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.backend.tests.fakes.application import LIMITS, World
from shoebox.app.upload import Uploads
from shoebox.domain.errors import BadRequest, FileTooLarge, StorageFull, TooManyFiles
from shoebox.web.multipart import boundary_of, read_form

TYPE = "multipart/form-data; boundary=b"


class Pieces:
    """A body that comes in the given pieces."""

    def __init__(self, *pieces: bytes) -> None:
        self._pieces = pieces

    def chunks(self, limit: int) -> Iterator[bytes]:
        yield from self._pieces


def part(disposition: str, content: bytes, *more: str) -> bytes:
    head = "\r\n".join((f"Content-Disposition: form-data; {disposition}", *more))
    return b"--b\r\n" + head.encode() + b"\r\n\r\n" + content + b"\r\n"


def file(name: str, content: bytes = b"x") -> bytes:
    return part(f'name="file"; filename="{name}"', content)


def receive(*pieces: bytes, world: World | None = None) -> tuple[list[tuple[str, bytes]], str | None]:
    """Names and contents of the files, and the collection."""
    uploads = (world or World()).application().uploads
    with ExitStack() as stack:
        form = read_form(Pieces(*pieces), TYPE, uploads, stack)
        return [(f.original_name, f.incoming.staged.content()) for f in form.files], form.collection


END = b"--b--\r\n"


@settings(max_examples=150, derandomize=True, deadline=None)
@given(st.data())
def test_a_form_means_the_same_however_it_is_cut(data: st.DataObject) -> None:
    content = data.draw(st.binary(max_size=300)).replace(b"--b", b"")
    form = part('name="collection"', b"trip") + file("a.png", content) + file("b.png", b"\r\n--c\r\n-") + END
    cuts = sorted(data.draw(st.sets(st.integers(1, len(form) - 1), max_size=12)))
    pieces = [form[start:end] for start, end in zip([0, *cuts], [*cuts, len(form)], strict=True)]
    assert receive(*pieces) == ([("a.png", content), ("b.png", b"\r\n--c\r\n-")], "trip")


FRAGMENTS = (b"\r\n--b", b"--", b"\r\n", b"--b--\r\n", b"\r\nContent-Disposition: form-data", b"\r", b"-", b"b", b"x")


@settings(max_examples=300, derandomize=True, deadline=None)
@given(st.lists(st.sampled_from(FRAGMENTS), max_size=6), st.sampled_from(FRAGMENTS))
def test_a_file_alone_means_the_same_whole_as_in_pieces(content: list[bytes], end: bytes) -> None:
    form = file("a.png", b"".join(content)) + b"--b--" + end
    assert told(form) == told(form[:9], form[9:])


@pytest.mark.parametrize("length", [2999, 3000, 3001])
def test_a_length_that_a_part_announces_counts_however_it_is_cut(length: int) -> None:
    form = part('name="file"; filename="a.png"', bytes(3000), f"Content-Length: {length}") + END
    pieces = [form[at : at + 100] for at in range(0, len(form), 100)]
    assert told(*pieces) == told(form)
    assert (told(form) == ([("a.png", bytes(3000))], None)) == (length == 3000)


def told(*pieces: bytes) -> object:
    try:
        return receive(*pieces)
    except BadRequest as error:
        return str(error)


def test_what_follows_the_last_boundary_is_ignored() -> None:
    assert receive(file("a.png"), b"--b--", b"\r\n", b"epilogue", b"more")[0] == [("a.png", b"x")]


@pytest.mark.parametrize(
    ("disposition", "name"),
    [
        ('name="f"; filename="Пляж.png"', "Пляж.png"),
        ('name="f"; filename="a.png"; filename*=UTF-8\'\'%D0%9F.png', "П.png"),
        ("name=\"f\"; filename*=iso-8859-1'en'%A3.png", "£.png"),
        ('name="f"; filename="a%22b.png"', 'a"b.png'),
        ('name="f"; filename="a\\"b.png"', 'a"b.png'),
        ("name=f; filename=a.png", "a.png"),
        ('name="f"; filename="' + "x" * 10_000 + '"', "x" * 10_000),
    ],
)
def test_a_file_keeps_the_name_it_came_with(disposition: str, name: str) -> None:
    assert receive(part(disposition, b"x"), END)[0] == [(name, b"x")]


def test_a_part_without_a_name_is_a_file_when_its_type_is_a_picture() -> None:
    assert receive(part('name="f"', b"x", "Content-Type: image/png"), END)[0] == [("", b"x")]


def test_a_file_field_left_empty_is_no_file() -> None:
    assert receive(part('name="f"; filename=""', b"", "Content-Type: application/octet-stream"), END)[0] == []


def test_an_empty_file_is_a_file() -> None:
    assert receive(file("a.png", b""), END)[0] == [("a.png", b"")]


def test_fields_nobody_asked_for_are_skipped() -> None:
    assert receive(part('name="x"', b"1"), part('name="x"', b"2"), file("a.png"), END)[0] == [("a.png", b"x")]


def test_the_collection_may_follow_the_file() -> None:
    assert receive(file("a.png"), part('name="collection"', "сад".encode()), END)[1] == "сад"


@pytest.mark.parametrize(
    "form",
    [
        b"",
        b"nonsense",
        b"--b\r\n",
        file("a.png"),
        file("a.png") + b"--b-",
        file("a.png") + b"--bx\r\n" + END,
        b"--b\nContent-Disposition: form-data; name=x\n\nx\n--b--\n",
        b"--b\r\nContent-Type: image/png\r\n\r\nx\r\n" + END,
        b"--b\r\nContent-Disposition: attachment; filename=x\r\n\r\nx\r\n" + END,
        b"--b\r\nContent-Disposition: form-data; filename=x\r\n\r\nx\r\n" + END,
        b"--b\r\nContent-Disposition: form-data;\r\n name=x\r\n\r\nx\r\n" + END,
        b"--b\r\nContent-Disposition: form-data; name=x\r\nContent-Length: 9\r\n\r\nx\r\n" + END,
        b'--b\r\nContent-Disposition: form-data; name="\xff"\r\n\r\nx\r\n' + END,
        b"--b\r\n" + b"X-A: b\r\n" * 9 + b"\r\nx\r\n" + END,
        b"--b\r\nX-A: " + b"a" * 70_000 + b"\r\n\r\nx\r\n" + END,
        part('name="collection"', b"a") + part('name="collection"', b"a") + END,
        part('name="collection"', b"\xff") + END,
        part('name="x"', b"a" * 5000) + END,
        part('name="x"', b"a") * 21 + END,
        part("name=\"f\"; filename*=UTF-8''%FF", b"x") + END,
    ],
)
def test_a_broken_form_is_refused(form: bytes) -> None:
    with pytest.raises(BadRequest):
        receive(form)


def test_more_files_than_allowed_are_refused_and_none_stays() -> None:
    world = World()
    with pytest.raises(TooManyFiles):
        receive(file("a.png") * (LIMITS.max_files + 1), END, world=world)
    assert world.storage.open_stages == 0


def errors(world: World, *pieces: bytes) -> list[type[Exception] | None]:
    uploads: Uploads = world.application().uploads
    with ExitStack() as stack:
        form = read_form(Pieces(*pieces), TYPE, uploads, stack)
        return [type(f.error) if f.error else None for f in form.files]


def test_one_file_too_large_leaves_the_others_alone() -> None:
    large = file("b.png", b"x" * (LIMITS.max_file_size + 1))
    assert errors(World(), file("a.png"), large, file("c.png"), END) == [None, FileTooLarge, None]


def test_a_full_disk_is_the_error_of_its_file() -> None:
    world = World()
    world.storage.write_fails = True
    assert errors(world, file("a.png"), END) == [StorageFull]


@pytest.mark.parametrize(
    ("content_type", "boundary"),
    [
        ("multipart/form-data; boundary=b", "b"),
        ('Multipart/Form-Data; charset=utf-8; Boundary="a b:c"', "a b:c"),
        ("multipart/form-data;boundary=----WebKitFormBoundary7MA4YWxkTrZu0gW", "----WebKitFormBoundary7MA4YWxkTrZu0gW"),
    ],
)
def test_a_boundary_is_found(content_type: str, boundary: str) -> None:
    assert boundary_of(content_type) == boundary


@pytest.mark.parametrize(
    "content_type",
    [
        "",
        "application/json",
        "multipart/mixed; boundary=b",
        "multipart/form-data",
        "multipart/form-data; boundary=",
        "multipart/form-data; boundary=" + "b" * 71,
        "multipart/form-data; boundary=a; boundary=b",
        'multipart/form-data; boundary="a',
        "multipart/form-data; boundary=a\xe9",
    ],
)
def test_what_is_no_form_is_refused(content_type: str) -> None:
    with pytest.raises(BadRequest):
        boundary_of(content_type)


@pytest.mark.parametrize(
    "form",
    [
        b"preamble\r\n" + file("a.png") + END,
        part('name="f"; filename="a"', b"x", 'Content-Disposition: form-data; name="f"; filename="b"') + END,
        part('name="f"; filename="a"', b"x", "Content-Type: image/png", "Content-Type: text/plain") + END,
        part('name="f"; filename="a"\nX-A: b', b"x") + END,
        part('name="f"; filename="a"', b"x", "\rX-A: b") + END,
        part('name="f"; filename="a"', b"x", "X-A : b") + END,
    ],
)
def test_what_two_readers_could_read_differently_is_refused(form: bytes) -> None:
    with pytest.raises(BadRequest):
        receive(form)
    with pytest.raises(BadRequest):
        receive(form[:7], form[7:20], form[20:])
