"""What the use cases need of the world. Adapters promise what these docstrings say.

Every method may raise `Unavailable` when its system is away; nothing else leaks out of an
adapter than the errors of `domain.errors`.
"""

from shoebox.ports.db import Dumper, ImageRepository, Listings, Outbox
from shoebox.ports.imaging import Examined, ImageCodec
from shoebox.ports.outside import Clock, Sender
from shoebox.ports.storage import Appending, Archive, BlobStorage, Draft, PartialStore, Saved, Staged, StoredFile

__all__ = [
    "Appending",
    "Archive",
    "BlobStorage",
    "Clock",
    "Draft",
    "Dumper",
    "Examined",
    "ImageCodec",
    "ImageRepository",
    "Listings",
    "Outbox",
    "PartialStore",
    "Saved",
    "Sender",
    "Staged",
    "StoredFile",
]
