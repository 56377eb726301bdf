"""The order of things: blob before row, row before unlink, and nothing half-done."""

from __future__ import annotations

import threading

import pytest

from services.backend.tests.fakes.application import World
from services.backend.tests.fakes.codec import BROKEN, picture
from shoebox.app.upload import UploadLimits
from shoebox.domain.errors import BadRequest, FileTooLarge, InvalidImage, NotFound, StorageFull, Unavailable
from shoebox.domain.image import Format, Image, NewImage
from shoebox.domain.listing import ListQuery
from shoebox.domain.names import new_key


def upload(world: World, data: bytes = picture(), name: str = "a.png") -> Image:
    uploads = world.application().uploads
    with uploads.receive() as incoming:
        incoming.write(data)
        return uploads.store(incoming, original_name=name, collection=None)


def stored(world: World) -> int:
    return len(list(world.storage.files()))


def rows(world: World) -> int:
    return world.repository.page(ListQuery()).total


def test_a_stored_picture_has_file_row_and_gallery_thumbnail() -> None:
    world = World()
    image = upload(world, name="../Beach.png")
    assert world.repository.get(image.key) == image
    assert world.storage.open(image.key).read() == picture()
    assert world.storage.open_thumbnail(image.key, 320).read()
    assert image.original_name == "Beach.png"


def test_a_file_over_the_limit_is_refused_before_it_is_written() -> None:
    world = World()
    limits = UploadLimits(max_file_size=10, max_pixels=1, max_jpeg_pixels=1)
    with world.application(limits).uploads.receive() as incoming:
        incoming.write(bytes(10))
        with pytest.raises(FileTooLarge, match="10 bytes"):
            incoming.write(b"x")
        assert incoming.size == 10


@pytest.mark.parametrize(("data", "error"), [(b"", BadRequest), (picture(content=BROKEN), InvalidImage)])
def test_what_is_refused_leaves_nothing(data: bytes, error: type[Exception]) -> None:
    world = World()
    with pytest.raises(error):
        upload(world, data)
    assert (stored(world), rows(world), world.storage.open_stages) == (0, 0, 0)


def test_a_full_disk_leaves_nothing() -> None:
    world = World()
    world.storage.write_fails = True
    with pytest.raises(StorageFull):
        upload(world)
    assert (stored(world), rows(world), world.storage.open_stages) == (0, 0, 0)


def test_a_file_whose_row_may_be_there_is_kept_for_the_sweep(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()

    def lose(_: NewImage) -> Image:
        raise Unavailable("The database died.")

    monkeypatch.setattr(world.repository, "add", lose)
    with pytest.raises(Unavailable):
        upload(world)
    assert (stored(world), rows(world)) == (1, 0)


def test_a_first_picture_leaves_nothing_while_the_database_is_away() -> None:
    world = World()
    world.repository.away = True
    with pytest.raises(Unavailable):
        upload(world)
    world.repository.away = False
    assert (stored(world), rows(world), world.storage.open_stages) == (0, 0, 0)


def test_a_file_whose_row_was_refused_is_taken_back() -> None:
    world = World()
    world.repository.full = True
    with pytest.raises(StorageFull):
        upload(world)
    assert (stored(world), rows(world)) == (0, 0)


def test_a_thumbnail_is_shown_even_if_it_cannot_be_kept() -> None:
    world = World()
    image = upload(world)
    world.storage.full = True
    assert world.application().thumbnails.open(image.key, 640).read()
    world.storage.full = False
    with pytest.raises(NotFound):
        world.storage.open_thumbnail(image.key, 640)


def test_a_deletion_takes_row_file_and_thumbnails() -> None:
    world = World()
    image = upload(world)
    assert world.application().removal.remove(image.key) == image
    assert (stored(world), rows(world)) == (0, 0)
    with pytest.raises(NotFound):
        world.storage.open_thumbnail(image.key, 320)
    with pytest.raises(NotFound):
        world.application().removal.remove(image.key)


def test_a_deletion_that_lost_its_answer_is_finished_by_the_next() -> None:
    world = World()
    image = upload(world)
    world.storage.away = True
    with pytest.raises(Unavailable):
        world.application().removal.remove(image.key)
    world.storage.away = False
    assert (stored(world), rows(world)) == (1, 0)
    with pytest.raises(NotFound):
        world.application().removal.remove(image.key)
    assert stored(world) == 0


@pytest.mark.parametrize("key", ["../../etc/passwd", "a.exe", "", "a.jpg/../b.jpg"])
def test_what_we_did_not_name_reaches_no_adapter(key: str) -> None:
    application = World().application()
    with pytest.raises(NotFound):
        application.removal.remove(key)
    with pytest.raises(NotFound):
        application.pictures.open(key)
    with pytest.raises(NotFound):
        application.thumbnails.open(key, 320)


def test_a_missing_thumbnail_is_made_once_for_many_callers() -> None:
    world = World()
    image = upload(world)
    made = []
    thumbnail = world.codec.thumbnail
    world.codec.thumbnail = lambda file, width: made.append(width) or thumbnail(file, width)  # type: ignore[method-assign, func-returns-value]  # a counter in its place
    application = world.application()
    callers = [threading.Thread(target=application.thumbnails.open, args=(image.key, 640)) for _ in range(8)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert made == [640]
    assert application.thumbnails.open(image.key, 640).read()


def test_there_are_no_thumbnails_of_other_widths_or_of_nothing() -> None:
    world = World()
    with pytest.raises(NotFound):
        world.application().thumbnails.open(upload(world).key, 321)
    with pytest.raises(NotFound):
        world.application().thumbnails.open(new_key(Format.PNG), 320)


def test_health_tells_what_is_away() -> None:
    world = World()
    health = world.application().health
    assert health.check().healthy
    world.repository.away = True
    assert not health.check().healthy
    assert health.check().storage == "ok"
    world.repository.away, world.storage.away = False, True
    report = health.check()
    assert not report.healthy
    assert report.storage != "ok"


def test_visitors_are_told_that_the_storage_is_away_and_the_log_why(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def probe() -> None:
        raise Unavailable("The picture storage is not available.") from OSError("no such bucket")

    world = World()
    monkeypatch.setattr(world.storage, "probe", probe)
    assert world.application().health.check().storage == "The picture storage is not available."
    assert [vars(record)["cause"] for record in caplog.records] == ["no such bucket"]
