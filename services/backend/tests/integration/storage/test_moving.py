"""Moving pictures to a bucket and back, and what happens to a bucket only."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from services.backend.tests.blobs import LATER, publish, read
from services.backend.tests.fakes.repository import MemoryRepository
from services.backend.tests.pictures import new_image
from services.backend.tests.refusal import refusing_port
from services.backend.tests.s3_server import S3Server
from shoebox.app.copy import Copier, Outcome
from shoebox.cli import folders
from shoebox.config import ConfigError, load
from shoebox.domain.errors import NotFound, Unavailable
from shoebox.domain.image import Image
from shoebox.storage import s3_upload
from shoebox.storage.disk import DiskStorage
from shoebox.storage.moving import MovingStorage
from shoebox.storage.s3 import S3Storage
from shoebox.storage.s3_client import connect
from shoebox.storage.stores import S3Settings

KEY = "k3J9xQ2mVb7c.jpg"
MIB = 1024 * 1024


def silent(_done: int, _total: int) -> None:
    """Nobody watches."""


def add(repository: MemoryRepository, data: bytes) -> Image:
    image = new_image(size=len(data))
    facts = replace(image.facts, sha256=sha256(data).hexdigest())
    return repository.add(replace(image, facts=facts))


@pytest.fixture
def bucket(s3: S3Server) -> S3Settings:
    return s3.bucket()


@pytest.fixture
def far(bucket: S3Settings, tmp_path: Path) -> S3Storage:
    return S3Storage(bucket, tmp_path / "far")


@pytest.fixture
def near(tmp_path: Path) -> DiskStorage:
    return DiskStorage(tmp_path / "near")


def test_a_store_is_copied_with_its_thumbnails_and_a_second_run_finds_it_there(
    near: DiskStorage, far: S3Storage, tmp_path: Path
) -> None:
    repository = MemoryRepository()
    pictures = {add(repository, data).key: data for data in (b"one", b"two" * MIB, b"one")}
    for key, data in pictures.items():
        publish(near, data, key)
        near.put_thumbnail(key, 320, b"small " + data[:3])
    copier = Copier(source=near, target=far, repository=repository)
    assert copier.run(silent).counts[Outcome.COPIED] == 3
    again = copier.run(silent, verify=True)
    assert (again.counts[Outcome.PRESENT], again.complete) == (3, True)
    back = DiskStorage(tmp_path / "back")
    assert Copier(source=far, target=back, repository=repository).run(silent).complete
    for key, data in pictures.items():
        assert read(far, key) == read(back, key) == data
        assert back.open_thumbnail(key, 320).read() == b"small " + data[:3]


def test_a_copied_store_bears_the_mark_of_its_database(near: DiskStorage, far: S3Storage) -> None:
    repository = MemoryRepository()
    Copier(source=near, target=far, repository=repository).run(silent)
    assert far.marks() == {repository.identity()}


def test_what_is_lost_or_damaged_is_named_and_never_copied(near: DiskStorage, far: S3Storage) -> None:
    repository = MemoryRepository()
    lost, damaged, sound = (add(repository, data) for data in (b"lost", b"damaged", b"sound"))
    publish(near, b"DAMAGED", damaged.key)
    publish(near, b"sound", sound.key)
    report = Copier(source=near, target=far, repository=repository).run(silent)
    assert dict(report.named) == {lost.key: Outcome.LOST, damaged.key: Outcome.DAMAGED}
    assert not report.complete
    assert [file.key for file in far.files()] == [sound.key]


def test_a_picture_that_is_deleted_while_it_is_copied_is_nowhere(near: DiskStorage, far: S3Storage) -> None:
    repository = MemoryRepository()
    image = add(repository, b"a picture")
    publish(near, b"a picture", image.key)

    class Late(S3Storage):
        def publish(self, staged: Any, key: str, sha256: str) -> None:
            repository.delete(key)
            near.delete(key)
            far.publish(staged, key, sha256)

    late = Late.__new__(Late)
    late.__dict__.update(far.__dict__)
    report = Copier(source=near, target=late, repository=repository).run(silent)
    assert report.counts[Outcome.GONE] == 1
    assert list(far.files()) == []


def test_while_pictures_move_both_stores_are_one(near: DiskStorage, far: S3Storage) -> None:
    old, new = "oldPicture00.jpg", "newPicture00.jpg"
    publish(near, b"old", old)
    store = MovingStorage(far, near)
    publish(store, b"new", new)
    assert (read(store, old), read(store, new)) == (b"old", b"new")
    store.put_thumbnail(old, 320, b"small")
    assert near.open_thumbnail(old, 320).read() == store.open_thumbnail(old, 320).read() == b"small"
    publish(far, b"old", old)
    store.delete(old)
    for one in (near, far, store):
        with pytest.raises(NotFound):
            one.open(old)
    assert [file.key for file in store.files()] == [new]


def test_a_large_picture_goes_in_parts(far: S3Storage, bucket: S3Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s3_upload, "WHOLE", MIB)
    data = bytes(range(256)) * (s3_upload.PART // 256) + b"the rest"
    publish(far, data, KEY)
    assert read(far, KEY) == data
    with pytest.raises(Unavailable):
        publish(far, data, KEY)
    uploads = connect(bucket).list_multipart_uploads(Bucket=bucket.bucket)
    assert "Uploads" not in uploads


def test_an_upload_in_parts_that_was_left_is_swept(far: S3Storage, bucket: S3Settings) -> None:
    connect(bucket).create_multipart_upload(Bucket=bucket.bucket, Key=f"images/{KEY}")
    assert far.remove_leftovers(0) == 0
    assert far.remove_leftovers(LATER) == 1


def test_a_publication_whose_answer_was_lost_holds(bucket: S3Settings, tmp_path: Path) -> None:
    client = connect(bucket)

    class Forgetful:
        """Does it, and is asked again, as botocore does after a broken connection."""

        def put_object(self, **fields: Any) -> object:
            client.put_object(**fields)
            fields["Body"].seek(0)
            return client.put_object(**fields)

        def __getattr__(self, name: str) -> Any:
            return getattr(client, name)

    storage = S3Storage(bucket, tmp_path / "forgetful", client=Forgetful())
    publish(storage, b"a picture", KEY)
    assert read(storage, KEY) == b"a picture"


def test_thumbnails_without_a_picture_are_swept_when_they_are_old(far: S3Storage, bucket: S3Settings) -> None:
    client = connect(bucket)
    publish(far, b"a picture", KEY)
    for key in ("0000000before.jpg", KEY, "zzzzzzzafter.jpg"):
        client.put_object(Bucket=bucket.bucket, Key=f"thumbs/640/{key}", Body=b"small")
    assert far.remove_leftovers(0) == 0
    assert far.remove_leftovers(LATER) == 2
    assert far.open_thumbnail(KEY, 640).read() == b"small"


def test_a_store_that_is_away_or_is_none_is_unavailable(bucket: S3Settings, tmp_path: Path) -> None:
    client = connect(bucket)
    with refusing_port() as port:
        for wrong in (
            replace(bucket, endpoint=f"http://127.0.0.1:{port}"),
            replace(bucket, bucket="no-such-bucket-here"),
        ):
            storage = S3Storage(wrong, tmp_path / "away")
            with pytest.raises(Unavailable):
                storage.probe()
            with pytest.raises(Unavailable):
                publish(storage, b"a picture", KEY)
    with pytest.raises(ClientError):
        client.head_object(Bucket=bucket.bucket, Key=f"images/{KEY}")


def test_a_picture_that_goes_before_its_first_byte_was_read_is_not_found(far: S3Storage) -> None:
    publish(far, b"a picture", KEY)
    with far.open(KEY) as file:
        far.delete(KEY)
        with pytest.raises(NotFound):
            file.read()


def test_without_its_packages_the_start_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folders, "find_spec", lambda _: None)
    config = load({"STORAGE": "s3", "AWS_BUCKET_NAME": "pictures", "STATE_DIR": str(tmp_path)})
    with pytest.raises(ConfigError, match=r"requirements-s3\.lock"):
        folders.prepare(config)


def test_a_signed_address_leads_to_the_bytes(far: S3Storage, bucket: S3Settings) -> None:
    address = far.link(KEY)
    assert address.startswith(f"{bucket.endpoint}/{bucket.bucket}/images/{KEY}?")
    assert "Signature=" in address
