"""The use cases of one process, together."""

from __future__ import annotations

from dataclasses import dataclass

from shoebox.app.gallery import Gallery
from shoebox.app.health import Health
from shoebox.app.pictures import Pictures
from shoebox.app.remove import Removal
from shoebox.app.resumable import Resumable
from shoebox.app.thumbnails import Thumbnails
from shoebox.app.upload import Uploads


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """What the web may ask for. Built by `wiring` after the fork."""

    uploads: Uploads
    resumable: Resumable
    gallery: Gallery
    removal: Removal
    pictures: Pictures
    thumbnails: Thumbnails
    health: Health
