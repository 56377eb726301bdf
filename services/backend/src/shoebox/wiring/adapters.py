"""The concrete adapters, each made of the settings it needs and no others."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from shoebox.app.upload import UploadLimits
from shoebox.config import Config
from shoebox.config.model import DatabaseConfig, PostgresConfig, UploadConfig
from shoebox.db.dump_postgres import PostgresDumper
from shoebox.db.dump_sqlite import SqliteDumper
from shoebox.db.migrate import migrate_postgres, migrate_sqlite
from shoebox.db.outage import Outage
from shoebox.db.postgres import ConnectionSettings, PostgresRepository
from shoebox.db.repository import NOTHING_KEPT
from shoebox.db.sqlite import SqliteRepository
from shoebox.imaging import codec, decoder
from shoebox.imaging.pillow import preload as preload_decoders
from shoebox.ports import Dumper, Listings
from shoebox.storage.kept_lists import KeptLists
from shoebox.storage.moving import Holdable
from shoebox.storage.stores import S3Settings, Stores, preload_s3

Repository = PostgresRepository | SqliteRepository

# A JPEG is decoded at a fraction of its size, so four times the pixels cost less than a PNG's.
JPEG_PIXELS: Final = 4
MIN_THREADS: Final = 4  # a worker: so that a few slow answers do not keep a quick one waiting


class SystemClock:
    """`ports.Clock` on the machine's clock."""

    def now(self) -> datetime:
        """Aware, UTC, to the microsecond."""
        return datetime.now(UTC)


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


def storage(config: Config, *, trusting: bool = True, freer: socket.socket | None = None) -> Holdable:
    """Where pictures are kept. `trusting` shares content that is there already without reading it
    again; a restore does not. `freer` frees what is deleted, if whoever deletes must not wait."""
    return stores(config, freer).open(config.storage.kind, config.storage.also, trusting=trusting)


def stores(config: Config, freer: socket.socket | None = None) -> Stores:
    """Every store the settings can reach, by name."""
    s3 = config.storage.s3
    return Stores(
        root=config.images_dir,
        freer=freer,
        s3=S3Settings(
            bucket=s3.bucket,
            region=s3.region,
            endpoint=s3.endpoint,
            access_key=s3.access_key,
            secret_key=s3.secret_key,
            connections=threads(config),
        )
        if s3
        else None,
    )


def repository(config: Config, *, pool_size: int, outage: Outage | None = None) -> Repository:
    """The rows; connects at its first use, with at most `pool_size` connections. `outage` says how
    long calls wait for a PostgreSQL that is away, otherwise not for long."""
    database = config.database
    if database.postgres:
        return PostgresRepository(
            connect=_connection(database.postgres),
            pool_size=pool_size,
            listings=listings(config),
            outage=outage,
        )
    return SqliteRepository(database.path, pool_size=pool_size, listings=listings(config))


def listings(config: Config) -> Listings:
    """What has to know of every change of the rows, whichever program makes it."""
    return KeptLists(config.web.list_cache) if config.web.list_cache else NOTHING_KEPT


def kept_lists(config: Config) -> KeptLists | None:
    """Where workers put what Nginx may serve; None where there is no Nginx to do so."""
    return KeptLists(config.web.list_cache) if config.web.list_cache and config.web.behind_nginx else None


def dumper(database: DatabaseConfig) -> Dumper:
    """What writes the rows out and puts them back; goes past PgBouncer."""
    return PostgresDumper(_connection(database.direct)) if database.direct else SqliteDumper(database.path)


def _connection(postgres: PostgresConfig) -> ConnectionSettings:
    return ConnectionSettings(
        host=postgres.host,
        port=postgres.port,
        user=postgres.user,
        password=postgres.password,
        dbname=postgres.database,
    )


def decoding(config: Config, large_lock: int) -> decoder.DecoderSettings:
    """What decoders enforce; `large_lock` is a descriptor that all of the host share."""
    uploads = config.uploads
    return decoder.DecoderSettings(
        limits=codec.PixelLimits(max_pixels=uploads.max_pixels, max_jpeg_pixels=uploads.max_pixels * JPEG_PIXELS),
        keep_metadata=uploads.keep_metadata,
        large_lock=large_lock,
    )


def limits(uploads: UploadConfig) -> UploadLimits:
    """What is accepted, as the use cases and the pages are told."""
    return UploadLimits(
        max_file_size=uploads.max_file_size,
        max_pixels=uploads.max_pixels,
        max_jpeg_pixels=uploads.max_pixels * JPEG_PIXELS,
    )


def threads(config: Config) -> int:
    """Threads a worker: all workers together do MAX_CONCURRENCY requests at once."""
    return max(MIN_THREADS, -(-config.server.max_concurrency // config.server.workers))
