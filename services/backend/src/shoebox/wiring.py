"""Where the rooms are joined: the only module that names concrete adapters.

What is made here before the fork is shared by all processes: sockets and memory. What holds
connections is made after it: connections do not survive a fork.
"""

from __future__ import annotations

import logging
import os
import signal
import socket
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from shoebox import __version__, logs
from shoebox.app import resumable
from shoebox.app.application import Application
from shoebox.app.backup import Backups
from shoebox.app.copy import Copier
from shoebox.app.exporting import Exporter
from shoebox.app.gallery import Gallery
from shoebox.app.health import Health
from shoebox.app.importing import Importer
from shoebox.app.pictures import Pictures
from shoebox.app.remove import Removal
from shoebox.app.restore import Restoration
from shoebox.app.resumable import Resumable
from shoebox.app.sweep import GRACE, Sweeper
from shoebox.app.thumbnails import Thumbnails
from shoebox.app.upload import UploadLimits, Uploads
from shoebox.app.webhooks import Deliverer
from shoebox.config import Config
from shoebox.config.model import DatabaseConfig, PostgresConfig, UploadConfig
from shoebox.db.dump_postgres import PostgresDumper
from shoebox.db.dump_sqlite import SqliteDumper
from shoebox.db.migrate import migrate_postgres, migrate_sqlite
from shoebox.db.outbox import SqlOutbox
from shoebox.db.postgres import ConnectionSettings, PostgresRepository
from shoebox.db.sqlite import SqliteRepository
from shoebox.domain.image import Image
from shoebox.imaging import codec, decoder, remote
from shoebox.imaging.crew import crew
from shoebox.imaging.pillow import preload as preload_decoders
from shoebox.metrics import families
from shoebox.metrics.asked import StoreNumbers
from shoebox.metrics.exposition import Exposition
from shoebox.metrics.measured import MeasuredCodec, count_request, decoding, note_load, note_sweep
from shoebox.metrics.tally import Tally
from shoebox.ports import Dumper, ImageCodec
from shoebox.server import worker
from shoebox.server.limiter import RateLimiter
from shoebox.server.programs import Address, Program, Slot
from shoebox.server.reload import watcher
from shoebox.storage.archive import Archive
from shoebox.storage.moving import Holdable
from shoebox.storage.partials import DiskPartials
from shoebox.storage.stores import S3Settings, Stores, preload_s3
from shoebox.web import access_log
from shoebox.web.handler import make_handler
from shoebox.web.metrics import Metrics
from shoebox.web.presenters import image_json
from shoebox.web.request import current_request_id
from shoebox.web.settings import WebSettings, no_limit
from shoebox.webhooks.desk import Desk
from shoebox.webhooks.sender import HttpSender

__all__ = ["build", "build_sweeper", "current_request_id", "migrate", "preload", "programs", "subscribe"]

log = logging.getLogger(__name__)

Repository = PostgresRepository | SqliteRepository

# A JPEG is decoded at a fraction of its size, so four times the pixels cost less than a PNG's.
JPEG_PIXELS: Final = 4
MIN_THREADS: Final = 4  # a worker: so that a few slow answers do not keep a quick one waiting
IMPORT_PATIENCE: Final = 300.0  # seconds a picture: nobody waits, and large ones wait for each other
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
    metrics: Path


def preload(config: Config) -> None:
    """Load what children will need, so that they share its memory."""
    preload_decoders()
    if config.storage.remote:
        preload_s3()


def migrate(config: Config) -> Sequence[str]:
    """Bring the schema up to date; returns what was applied. Raises `Unavailable`."""
    database = config.database
    if database.direct:
        return migrate_postgres(_connection(database.direct), database.schema_dir)
    return migrate_sqlite(database.path, database.schema_dir / "sqlite")


def subscribe(config: Config) -> int:
    """Let WEBHOOK_URLS be those who are told of what happens from now on; returns how many
    undelivered webhooks of others were dropped. Raises `Unavailable`."""
    with closing(_repository(config.database, pool_size=1)) as repository:
        return SqlOutbox(repository).subscribe(config.webhooks.urls)


def build(
    config: Config,
    to_decoders: socket.socket,
    *,
    repository: Repository | None = None,
    tally: Tally | None = None,
) -> Application:
    """The use cases over real adapters. Call it in the process that uses them. `tally` is told
    what decoders do."""
    storage = _storage(config)
    repository = repository or _repository(config.database, pool_size=_threads(config))
    image_codec: ImageCodec = remote.RemoteCodec(to_decoders)
    if tally:
        image_codec = MeasuredCodec(image_codec, tally)
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
        storage=_storage(config),
        repository=_repository(config.database, pool_size=1),
        clock=SystemClock(),
        grace=grace,
    )


def build_exporter(config: Config) -> Exporter:
    """The writing out of all pictures, over real adapters."""
    return Exporter(storage=_storage(config), repository=_repository(config.database, pool_size=1))


@contextmanager
def importing(config: Config, *, decoders: int, threads: int) -> Iterator[Importer]:
    """The taking in of files over real adapters, with decoders of its own, for so many threads.
    To be called before there are any."""
    with (config.images_dir / ".large").open("ab") as lock, crew(decoders, _decoding(config, lock.fileno())) as jobs:
        repository = _repository(config.database, pool_size=threads)
        uploads = Uploads(
            storage=_storage(config),
            repository=repository,
            codec=remote.RemoteCodec(jobs, wait=IMPORT_PATIENCE),
            clock=SystemClock(),
            limits=_limits(config.uploads),
        )
        yield Importer(uploads=uploads, repository=repository)


def build_backups(config: Config) -> Backups:
    """The taking of backups over real adapters."""
    return Backups(
        dumper=_dumper(config.database),
        archive=Archive(config.backups.folder),
        hold=_storage(config).hold,
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
        storage=_storage(config, trusting=False),
        repository=_repository(config.database, pool_size=1),
        migrate=lambda: _migrate_restored(config),
        sweeper=build_sweeper(config),
    )


def _migrate_restored(config: Config) -> None:
    migrate(config)
    # What the backup's own time had still to tell is told already, or concerns another system.
    # A deliverer that runs puts its receivers back within seconds.
    with closing(_repository(config.database, pool_size=1)) as repository:
        SqlOutbox(repository).subscribe(())


def build_copier(config: Config, source: str, target: str) -> Copier:
    """What brings the pictures of the store `source` to the store `target`."""
    stores = _stores(config)
    return Copier(
        source=stores.open(source),
        target=stores.open(target),
        repository=_repository(config.database, pool_size=1),
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
        Program(name="sweeper", run=lambda slot: _sweep(config, shared, slot), every=SWEEP_INTERVAL, freeze_limit=None),
        Program(
            name="decoder",
            run=lambda slot: _decode(config, shared, slot),
            count=server.decoders,
            freeze_limit=DECODER_FREEZE_LIMIT,
        ),
    ]
    if config.webhooks.urls:
        found.append(Program(name="webhooks", run=lambda slot: _deliver(config, shared, slot)))
    if server.reload:
        master = os.getpid()
        watched = [Path(__file__).parent, config.web.frontend_dir / "templates", Path(".env")]
        found.append(watcher(watched, lambda: os.kill(master, signal.SIGHUP)))
    return found


def _storage(config: Config, *, trusting: bool = True) -> Holdable:
    return _stores(config).open(config.storage.kind, config.storage.also, trusting=trusting)


def _stores(config: Config) -> Stores:
    s3 = config.storage.s3
    return Stores(
        root=config.images_dir,
        s3=S3Settings(
            bucket=s3.bucket,
            region=s3.region,
            endpoint=s3.endpoint,
            access_key=s3.access_key,
            secret_key=s3.secret_key,
            connections=_threads(config),
        )
        if s3
        else None,
    )


def _picture_link(config: Config) -> Callable[[str], str] | None:
    """Where visitors are sent for a picture. Not while some of them are elsewhere."""
    storage = config.storage
    if storage.kind != "s3" or storage.also:
        return None
    if storage.public_url:
        return lambda key: f"{storage.public_url}/images/{key}"
    return _stores(config).link() if storage.redirects else None


def _addresses(config: Config) -> Sequence[Address]:
    server = config.server
    if server.start_port is None:
        return [Address(host=server.bind, port=server.port)]
    return [Address(host=server.bind, port=server.start_port + index) for index in range(server.workers)]


def _share(config: Config) -> Shared:
    to_decoders, jobs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    lock = os.open(config.images_dir / ".large", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    limit = config.web.rate_limit
    return Shared(
        to_decoders=to_decoders,
        jobs=jobs,
        large_lock=lock,
        limiter=RateLimiter(limit) if limit else None,
        metrics=_metrics_folder(config.metrics.folder),
    )


def _metrics_folder(wanted: Path) -> Path:
    """`wanted`, or a folder of this master's own where nothing can be kept, as in a container
    with a read-only root: the numbers then begin anew with the container."""
    with suppress(OSError):
        wanted.mkdir(parents=True, exist_ok=True)
        if os.access(wanted, os.W_OK):
            return wanted
    folder = Path(tempfile.gettempdir()) / f"shoebox-{os.geteuid()}-{os.getpid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.is_symlink() or folder.stat().st_uid != os.geteuid():
        raise PermissionError(f"{folder} is somebody else's")
    return folder


def _work(config: Config, shared: Shared, slot: Slot) -> int:
    shared.jobs.close()
    tally = Tally(shared.metrics)
    repository = _repository(config.database, pool_size=_threads(config))
    application = build(config, shared.to_decoders, repository=repository, tally=tally)
    handler = make_handler(application, _web_settings(config, shared, tally, repository))

    def on_event(event: str, /, **fields: object) -> None:
        if event == worker.REFUSED:
            tally.add(families.REFUSED)
        _log_event(event, **fields)

    def on_tick(load: worker.Load) -> None:
        note_load(tally, load, *repository.connections)

    limits = worker.Limits(threads=_threads(config))
    return worker.Worker(slot, handler, limits=limits, on_event=on_event, on_tick=on_tick).serve()


def _decode(config: Config, shared: Shared, slot: Slot) -> int:
    slot.ready()
    tally = Tally(shared.metrics)
    tally.set(families.DECODERS, 1)
    return decoder.serve(
        shared.jobs,
        _decoding(config, shared.large_lock),
        beat=slot.beat,
        draining=lambda: slot.draining,
        put_back=shared.to_decoders,
        working=lambda: decoding(tally),
    )


def _decoding(config: Config, large_lock: int) -> decoder.DecoderSettings:
    uploads = config.uploads
    return decoder.DecoderSettings(
        limits=codec.PixelLimits(max_pixels=uploads.max_pixels, max_jpeg_pixels=uploads.max_pixels * JPEG_PIXELS),
        keep_metadata=uploads.keep_metadata,
        large_lock=large_lock,
    )


def _deliver(config: Config, shared: Shared, slot: Slot) -> int:
    slot.ready()
    tally = Tally(shared.metrics)
    urls = config.webhooks.urls
    outbox = SqlOutbox(_repository(config.database, pool_size=len(urls) + 1))
    deliverer = Deliverer(
        outbox=outbox,
        sender=HttpSender(
            secret=config.webhooks.secret,
            present=lambda image: _told(image, config.web.public_url),
            agent=f"Shoebox/{__version__}",
        ),
        clock=SystemClock(),
        count=lambda outcome: tally.add(families.DELIVERIES, (outcome,)),
    )
    return Desk(urls, outbox=outbox, deliver=deliverer.deliver, wait=slot.wait, draining=lambda: slot.draining).serve()


def _told(image: Image, public_url: str | None) -> dict[str, object]:
    """A picture as webhooks show it: as the API does, which knows its own address from a request."""
    told = image_json(image, public_url or "")
    if not public_url:
        del told["absolute_url"]
    return told


def _sweep(config: Config, shared: Shared, slot: Slot) -> int:
    slot.ready()
    resumable.sweep(DiskPartials(config.images_dir), SystemClock())
    report = build_sweeper(config).run_once_per_deployment()
    if report:
        note_sweep(Tally(shared.metrics), report)
    return 0


def _web_settings(config: Config, shared: Shared, tally: Tally, repository: Repository) -> WebSettings:
    web = config.web
    asked = StoreNumbers(
        repository=repository,
        images_dir=config.images_dir,
        backups=Archive(config.backups.folder),
        pending=SqlOutbox(repository).pending if config.webhooks.urls else None,
    )
    return WebSettings(
        frontend_dir=web.frontend_dir,
        version=__version__,
        access_log=_counting(_access_log(config), tally),
        public_url=web.public_url,
        trusted_proxies=web.trusted_proxies,
        trust_peer=web.behind_nginx,
        cors_origins=web.cors_origins,
        rate_check=shared.limiter.check if shared.limiter else no_limit,
        remote_store=config.storage.remote,
        picture_link=_picture_link(config),
        metrics=Metrics(Exposition(shared.metrics, asked).render, config.metrics.allow),
    )


def _counting(record: access_log.AccessLog, tally: Tally) -> access_log.AccessLog:
    def note(entry: access_log.Entry) -> None:
        count_request(tally, entry.method, entry.route, entry.status, entry.seconds)
        record(entry)

    return note


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


def _repository(database: DatabaseConfig, *, pool_size: int) -> Repository:
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
