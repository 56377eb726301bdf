"""The use cases over real adapters. To be called in the process that uses them."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from typing import Final

from shoebox import __version__
from shoebox.app.application import Application
from shoebox.app.backup import Backups
from shoebox.app.copy import Copier
from shoebox.app.exporting import Exporter
from shoebox.app.gallery import Gallery
from shoebox.app.health import Health
from shoebox.app.importing import Importer
from shoebox.app.marks import Marks
from shoebox.app.pictures import Pictures
from shoebox.app.remove import Removal
from shoebox.app.restore import Restoration
from shoebox.app.resumable import Resumable
from shoebox.app.sweep import GRACE, Sweeper
from shoebox.app.thumbnails import Thumbnails
from shoebox.app.upload import Uploads
from shoebox.config import Config
from shoebox.db.outbox import SqlOutbox
from shoebox.imaging import remote
from shoebox.imaging.crew import crew
from shoebox.metrics.measured import MeasuredCodec
from shoebox.metrics.tally import Tally
from shoebox.ports import ImageCodec
from shoebox.storage.archive import Archive
from shoebox.storage.partials import DiskPartials
from shoebox.wiring import adapters

IMPORT_PATIENCE: Final = 300.0  # seconds a picture: nobody waits, and large ones wait for each other


def subscribe(config: Config) -> int:
    """Let WEBHOOK_URLS be those who are told of what happens from now on; returns how many
    undelivered webhooks of others were dropped. Raises `Unavailable`."""
    with closing(adapters.repository(config, pool_size=1)) as repository:
        return SqlOutbox(repository).subscribe(config.webhooks.urls)


def build(
    config: Config,
    to_decoders: socket.socket,
    *,
    repository: adapters.Repository | None = None,
    tally: Tally | None = None,
    freer: socket.socket | None = None,
) -> Application:
    """The use cases over real adapters. Call it in the process that uses them. `tally` is told
    what decoders do, `freer` is given what was deleted."""
    storage = adapters.storage(config, freer=freer)
    repository = repository or adapters.repository(config, pool_size=adapters.threads(config))
    image_codec: ImageCodec = remote.RemoteCodec(to_decoders)
    if tally:
        image_codec = MeasuredCodec(image_codec, tally)
    clock = adapters.SystemClock()
    uploads = Uploads(
        storage=storage, repository=repository, codec=image_codec, clock=clock, limits=adapters.limits(config.uploads)
    )
    return Application(
        uploads=uploads,
        resumable=Resumable(
            uploads=uploads, partials=DiskPartials(config.images_dir), repository=repository, clock=clock
        ),
        gallery=Gallery(repository),
        removal=Removal(storage=storage, repository=repository),
        pictures=Pictures(storage=storage, repository=repository),
        thumbnails=Thumbnails(storage=storage, codec=image_codec),
        health=Health(
            storage=storage,
            repository=repository,
            clock=clock,
            environment=config.environment,
            version=__version__,
        ),
    )


def build_sweeper(config: Config, *, grace: timedelta = GRACE) -> Sweeper:
    """The sweep over real adapters. Files younger than `grace` are left alone."""
    return Sweeper(
        storage=adapters.storage(config),
        repository=adapters.repository(config, pool_size=1),
        clock=adapters.SystemClock(),
        grace=grace,
    )


def build_marks(config: Config) -> Marks:
    """The marks in the store, over real adapters."""
    return Marks(storage=adapters.storage(config), repository=adapters.repository(config, pool_size=1))


def build_exporter(config: Config) -> Exporter:
    """The writing out of all pictures, over real adapters."""
    return Exporter(storage=adapters.storage(config), repository=adapters.repository(config, pool_size=1))


@contextmanager
def importing(config: Config, *, decoders: int, threads: int) -> Iterator[Importer]:
    """The taking in of files over real adapters, with decoders of its own, for so many threads.
    To be called before there are any."""
    with (
        (config.images_dir / ".large").open("ab") as lock,
        crew(decoders, adapters.decoding(config, lock.fileno())) as jobs,
    ):
        storage = adapters.storage(config)
        repository = adapters.repository(config, pool_size=threads)
        uploads = Uploads(
            storage=storage,
            repository=repository,
            codec=remote.RemoteCodec(jobs, wait=IMPORT_PATIENCE),
            clock=adapters.SystemClock(),
            limits=adapters.limits(config.uploads),
        )
        yield Importer(uploads=uploads, repository=repository)


def build_backups(config: Config) -> Backups:
    """The taking of backups over real adapters."""
    return Backups(
        dumper=adapters.dumper(config.database),
        archive=Archive(config.backups.folder),
        hold=adapters.storage(config).hold,
        repository=adapters.repository(config, pool_size=1),
        clock=adapters.SystemClock(),
        keep=timedelta(days=config.backups.keep_days),
        version=__version__,
    )


def build_restoration(config: Config) -> Restoration:
    """The putting back of backups over real adapters."""
    return Restoration(
        dumper=adapters.dumper(config.database),
        archive=Archive(config.backups.folder),
        storage=adapters.storage(config, trusting=False),
        repository=adapters.repository(config, pool_size=1),
        listings=adapters.listings(config),
        migrate=lambda: _migrate_restored(config),
        sweeper=build_sweeper(config),
    )


def _migrate_restored(config: Config) -> None:
    adapters.migrate(config)
    # What the backup's own time had still to tell is told already, or concerns another system.
    # A deliverer that runs puts its receivers back within seconds.
    with closing(adapters.repository(config, pool_size=1)) as repository:
        SqlOutbox(repository).subscribe(())
        # The system that the backup is of may live on: a store must be able to tell the two apart.
        repository.forget_identity()


def build_copier(config: Config, source: str, target: str) -> Copier:
    """What brings the pictures of the store `source` to the store `target`."""
    stores = adapters.stores(config)
    return Copier(
        source=stores.open(source),
        target=stores.open(target),
        repository=adapters.repository(config, pool_size=1),
    )
