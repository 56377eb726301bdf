"""A whole Shoebox in memory: real use cases over fake ports."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from services.backend.tests.fakes.codec import MemoryCodec
from services.backend.tests.fakes.partials import MemoryPartials
from services.backend.tests.fakes.repository import MemoryRepository
from services.backend.tests.fakes.storage import MemoryStorage
from shoebox.app.application import Application
from shoebox.app.gallery import Gallery
from shoebox.app.health import Health
from shoebox.app.pictures import Pictures
from shoebox.app.remove import Removal
from shoebox.app.resumable import Resumable
from shoebox.app.thumbnails import Thumbnails
from shoebox.app.upload import UploadLimits, Uploads

LIMITS = UploadLimits(max_file_size=1024 * 1024, max_pixels=50_000_000, max_jpeg_pixels=200_000_000)


class SteppingClock:
    """A clock that moves a second each time somebody looks."""

    def __init__(self) -> None:
        self._now = datetime(2026, 11, 20, 10, 30, 0, 123456, tzinfo=UTC)

    def now(self) -> datetime:
        self._now += timedelta(seconds=1)
        return self._now


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """The fakes an application stands on, so that tests can look behind it and break it."""

    storage: MemoryStorage = field(default_factory=MemoryStorage)
    partials: MemoryPartials = field(default_factory=MemoryPartials)
    repository: MemoryRepository = field(default_factory=MemoryRepository)
    codec: MemoryCodec = field(default_factory=MemoryCodec)
    clock: SteppingClock = field(default_factory=SteppingClock)

    def application(self, limits: UploadLimits = LIMITS) -> Application:
        uploads = Uploads(
            storage=self.storage, repository=self.repository, codec=self.codec, clock=self.clock, limits=limits
        )
        return Application(
            uploads=uploads,
            resumable=Resumable(uploads=uploads, partials=self.partials, repository=self.repository, clock=self.clock),
            gallery=Gallery(self.repository),
            removal=Removal(storage=self.storage, repository=self.repository),
            pictures=Pictures(storage=self.storage, repository=self.repository),
            thumbnails=Thumbnails(storage=self.storage, codec=self.codec),
            health=Health(
                storage=self.storage,
                repository=self.repository,
                clock=self.clock,
                environment="test",
                version="0.0.0",
            ),
        )
