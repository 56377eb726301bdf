"""Where the rooms are joined: the only module that names concrete adapters.

What is made here before the fork is shared by all processes: sockets and memory. What holds
connections is made after it: connections do not survive a fork.
"""

from __future__ import annotations

import logging
import os
import signal
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from shoebox import __version__, logs
from shoebox.app import resumable
from shoebox.app.application import Application
from shoebox.app.backup import Backups
from shoebox.app.gallery import Gallery
from shoebox.app.health import Health
from shoebox.app.pictures import Pictures
from shoebox.app.remove import Removal
from shoebox.app.restore import Restoration
from shoebox.app.resumable import Resumable
from shoebox.app.sweep import GRACE, Sweeper
from shoebox.app.thumbnails import Thumbnails
from shoebox.app.upload import UploadLimits, Uploads
from shoebox.config import Config
from shoebox.config.model import DatabaseConfig, PostgresConfig, UploadConfig
from shoebox.db.dump_postgres import PostgresDumper
from shoebox.db.dump_sqlite import SqliteDumper
from shoebox.db.migrate import migrate_postgres, migrate_sqlite
from shoebox.db.postgres import ConnectionSettings, PostgresRepository
from shoebox.db.sqlite import SqliteRepository
from shoebox.imaging import codec, decoder, remote
from shoebox.imaging.pillow import preload as preload_decoders
from shoebox.ports import Dumper, ImageRepository
from shoebox.server import worker
from shoebox.server.limiter import RateLimiter
from shoebox.server.programs import Address, Program, Slot
from shoebox.server.reload import watcher
from shoebox.storage.archive import Archive
from shoebox.storage.disk import DiskStorage
from shoebox.storage.partials import DiskPartials
from shoebox.web import access_log
from shoebox.web.handler import make_handler
from shoebox.web.request import current_request_id
from shoebox.web.settings import WebSettings, no_limit

__all__ = ["build", "build_sweeper", "current_request_id", "migrate", "preload", "programs"]

log = logging.getLogger(__name__)

# A JPEG is decoded at a fraction of its size, so four times the pixels cost less than a PNG's.
JPEG_PIXELS: Final = 4
MIN_THREADS: Final = 4  # a worker: so that a few slow answers do not keep a quick one waiting
SWEEP_INTERVAL: Final = 3600.0  # seconds
# More than a decoder may be away on one job; the kernel's alarm ends it long before.
DECODER_FREEZE_LIMIT: Final = decoder.WALL_LIMIT + decoder.LOCK_LIMIT + 10.0


class SystemClock:
    """`ports.Clock` on the machine's clock."""

    def now(self) -> datetime:
        """Aware, UTC, to the microsecond."""
        return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """What all processes of a host have in common, made before the fork."""

    to_decoders: socket.socket
    jobs: socket.socket
    large_lock: int
    limiter: RateLimiter | None


def preload() -> None:
    """Load what children will need, so that they share its memory."""
    preload_decoders()


def migrate(config: Config) -> Sequence[str]:
    """Bring the schema up to date; returns what was applied. Raises `Unavailable`."""
    database = config.database
    if database.direct:
        return migrate_postgres(_connection(database.direct), database.schema_dir)
    return migrate_sqlite(database.path, database.schema_dir / "sqlite")


def build(config: Config, to_decoders: socket.socket) -> Application:
    """The use cases over real adapters. Call it in the process that uses them."""
    storage = DiskStorage(config.images_dir)
    repository = _repository(config.database, pool_size=_threads(config))
    image_codec = remote.RemoteCodec(to_decoders)
    clock = SystemClock()
    uploads = Uploads(
        storage=storage, repository=repository, codec=image_codec, clock=clock, limits=_limits(config.uploads)
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
        storage=DiskStorage(config.images_dir),
        repository=_repository(config.database, pool_size=1),
        clock=SystemClock(),
        grace=grace,
    )


def build_backups(config: Config) -> Backups:
    """The taking of backups over real adapters."""
    return Backups(
        dumper=_dumper(config.database),
        archive=Archive(config.backups.folder),
        hold=DiskStorage(config.images_dir).hold,
        repository=_repository(config.database, pool_size=1),
        clock=SystemClock(),
        keep=timedelta(days=config.backups.keep_days),
        version=__version__,
    )


def build_restoration(config: Config) -> Restoration:
    """The putting back of backups over real adapters."""
    return Restoration(
        dumper=_dumper(config.database),
        archive=Archive(config.backups.folder),
        storage=DiskStorage(config.images_dir, trusting=False),
        repository=_repository(config.database, pool_size=1),
        migrate=lambda: migrate(config),
        sweeper=build_sweeper(config),
    )


def programs(config: Config) -> list[Program]:
    """What the master runs, in the order in which it is stopped."""
    shared = _share(config)
    server = config.server
    found = [
        Program(
            name="worker",
            run=lambda slot: _work(config, shared, slot),
            count=server.workers,
            addresses=_addresses(config),
        ),
        Program(name="sweeper", run=lambda slot: _sweep(config, slot), every=SWEEP_INTERVAL, freeze_limit=None),
        Program(
            name="decoder",
            run=lambda slot: _decode(config, shared, slot),
            count=server.decoders,
            freeze_limit=DECODER_FREEZE_LIMIT,
        ),
    ]
    if server.reload:
        master = os.getpid()
        watched = [Path(__file__).parent, config.web.frontend_dir / "templates", Path(".env")]
        found.append(watcher(watched, lambda: os.kill(master, signal.SIGHUP)))
    return found


def _addresses(config: Config) -> Sequence[Address]:
    server = config.server
    if server.start_port is None:
        return [Address(host=server.bind, port=server.port)]
    return [Address(host=server.bind, port=server.start_port + index) for index in range(server.workers)]


def _share(config: Config) -> Shared:
    to_decoders, jobs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    lock = os.open(config.images_dir / ".large", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    limit = config.web.rate_limit
    return Shared(to_decoders=to_decoders, jobs=jobs, large_lock=lock, limiter=RateLimiter(limit) if limit else None)


def _work(config: Config, shared: Shared, slot: Slot) -> int:
    shared.jobs.close()
    handler = make_handler(build(config, shared.to_decoders), _web_settings(config, shared))
    limits = worker.Limits(threads=_threads(config))
    return worker.Worker(slot, handler, limits=limits, on_event=_log_event).serve()


def _decode(config: Config, shared: Shared, slot: Slot) -> int:
    slot.ready()
    settings = decoder.DecoderSettings(
        limits=codec.PixelLimits(
            max_pixels=config.uploads.max_pixels, max_jpeg_pixels=config.uploads.max_pixels * JPEG_PIXELS
        ),
        keep_metadata=config.uploads.keep_metadata,
        large_lock=shared.large_lock,
    )
    return decoder.serve(
        shared.jobs, settings, beat=slot.beat, draining=lambda: slot.draining, put_back=shared.to_decoders
    )


def _sweep(config: Config, slot: Slot) -> int:
    slot.ready()
    resumable.sweep(DiskPartials(config.images_dir), SystemClock())
    build_sweeper(config).run_once_per_deployment()
    return 0


def _web_settings(config: Config, shared: Shared) -> WebSettings:
    web = config.web
    return WebSettings(
        frontend_dir=web.frontend_dir,
        version=__version__,
        access_log=_access_log(config),
        public_url=web.public_url,
        trusted_proxies=web.trusted_proxies,
        trust_peer=web.behind_nginx,
        cors_origins=web.cors_origins,
        rate_check=shared.limiter.check if shared.limiter else no_limit,
    )


def _access_log(config: Config) -> access_log.AccessLog:
    if not log.isEnabledFor(logging.INFO):
        return _log_nothing
    file = logs.LogFile(config.logs.folder / "app.log")

    def sink(line: bytes) -> None:
        file.write(line)
        logs.console(line)

    return access_log.write_lines(sink, style=config.logs.format)


def _log_nothing(_: access_log.Entry) -> None:
    """Requests are logged at INFO, and LOG_LEVEL asks for less."""


def _threads(config: Config) -> int:
    """Threads a worker: all workers together do MAX_CONCURRENCY requests at once."""
    return max(MIN_THREADS, -(-config.server.max_concurrency // config.server.workers))


def _limits(uploads: UploadConfig) -> UploadLimits:
    return UploadLimits(
        max_file_size=uploads.max_file_size,
        max_pixels=uploads.max_pixels,
        max_jpeg_pixels=uploads.max_pixels * JPEG_PIXELS,
    )


def _repository(database: DatabaseConfig, *, pool_size: int) -> ImageRepository:
    if database.postgres:
        return PostgresRepository(connect=_connection(database.postgres), pool_size=pool_size)
    return SqliteRepository(database.path, pool_size=pool_size)


def _dumper(database: DatabaseConfig) -> Dumper:
    return PostgresDumper(_connection(database.direct)) if database.direct else SqliteDumper(database.path)


def _connection(postgres: PostgresConfig) -> ConnectionSettings:
    return ConnectionSettings(
        host=postgres.host,
        port=postgres.port,
        user=postgres.user,
        password=postgres.password,
        dbname=postgres.database,
    )


def _log_event(event: str, /, **fields: object) -> None:
    logging.getLogger("shoebox.server").info(event, extra=fields)
