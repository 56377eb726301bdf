"""Everything in one file that needs no Shoebox to be read: the pictures and what is known of them."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import BinaryIO, Final

from shoebox.app.zipping import ZipWriter, zipped
from shoebox.domain.errors import NotFound
from shoebox.domain.image import Image
from shoebox.domain.listing import ListQuery
from shoebox.ports import BlobStorage, ImageRepository

BATCH: Final = 500  # rows read at once
INDEX: Final = "index.json"

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
        with tempfile.TemporaryFile() as index, zipped(file) as archive:
            for image in self._images():
                with suppress(NotFound):
                    self._add(archive, image)
                    told = json.dumps(_told(image), ensure_ascii=False)
                    index.write(f"{',' if done else '['}\n{told}".encode())
                    done += 1
                    report(done, max(done, total))
            index.write(b"\n]\n" if done else b"[]\n")
            index.seek(0)
            archive.add_text(INDEX, index)
        return done

    def _images(self) -> Iterator[Image]:
        after = ""
        while images := self._repository.images(after=after, limit=BATCH):
            yield from images
            after = images[-1].key

    def _add(self, archive: ZipWriter, image: Image) -> None:
        # Keys are letters, digits and one dot: safe as paths wherever this is unpacked.
        with self._storage.open(image.key) as picture:
            archive.add(f"images/{image.key}", picture, image.uploaded_at)


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
