"""Everything in one file that needs no Shoebox to be read: the pictures and what is known of them."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import IO, BinaryIO, Final
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from shoebox.domain.errors import NotFound
from shoebox.domain.image import Image
from shoebox.domain.listing import ListQuery
from shoebox.ports import BlobStorage, ImageRepository

BLOCK: Final = 256 * 1024  # bytes a copy
INDEX: Final = "index.json"
_MODE: Final = 0o644 << 16  # of the files when they are unpacked

Report = Callable[[int, int], None]


class Exporter:
    """The use case behind `shoebox export`."""

    def __init__(self, *, storage: BlobStorage, repository: ImageRepository) -> None:
        self._storage = storage
        self._repository = repository

    def write(self, file: BinaryIO, report: Report) -> int:
        """Write a ZIP of `images/<key>` and `index.json`; how many pictures. `file` is written
        front to back and need not be seekable.

        Pictures that are deleted meanwhile may be missing, those uploaded meanwhile too.
        `report` is told how many are written and about how many there are.
        """
        total, done = self._repository.page(ListQuery(size=1)).total, 0
        with tempfile.TemporaryFile("w+", encoding="utf-8") as index, ZipFile(file, "w", allowZip64=True) as archive:
            for image in self._images():
                with suppress(NotFound):
                    self._add(archive, image)
                    index.write(f"{',' if done else '['}\n{json.dumps(_told(image), ensure_ascii=False)}")
                    done += 1
                    report(done, max(done, total))
            index.write("\n]\n" if done else "[]\n")
            index.seek(0)
            with archive.open(_entry(INDEX, None), "w", force_zip64=True) as target:
                while text := index.read(BLOCK):
                    target.write(text.encode())
        return done

    def _images(self) -> Iterator[Image]:
        after = ""
        while keys := self._repository.keys(after=after):
            for key in keys:
                with suppress(NotFound):
                    yield self._repository.get(key)
            after = keys[-1]

    def _add(self, archive: ZipFile, image: Image) -> None:
        entry = _entry(f"images/{image.key}", image)
        with self._storage.open(image.key) as picture, archive.open(entry, "w", force_zip64=True) as target:
            _copy(picture, target)


def _copy(source: BinaryIO, target: IO[bytes]) -> None:
    while block := source.read(BLOCK):
        target.write(block)


def _entry(name: str, image: Image | None) -> ZipInfo:
    """Keys are letters, digits and one dot: safe as paths wherever this is unpacked."""
    entry = ZipInfo(name)
    if image is not None and 1980 <= image.uploaded_at.year <= 2107:  # what a ZIP can say
        entry.date_time = image.uploaded_at.timetuple()[:6]
    # Pictures are compressed already.
    entry.compress_type = ZIP_DEFLATED if image is None else ZIP_STORED
    entry.external_attr = _MODE
    return entry


def _told(image: Image) -> dict[str, object]:
    facts = image.facts
    return {
        "filename": image.key,
        "path": f"images/{image.key}",
        "original_name": image.original_name,
        "upload_time": image.uploaded_at.isoformat(timespec="microseconds").replace("+00:00", "Z"),
        "collection": image.collection,
        "size": facts.size,
        "width": facts.width,
        "height": facts.height,
        "content_type": facts.format.content_type,
        "sha256": facts.sha256,
        "color": facts.color,
    }
