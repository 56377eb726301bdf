"""The configuration as frozen values, a group for each room that needs one."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import time, timedelta
from pathlib import Path

from shoebox.config.readers import Network


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerConfig:
    """Listeners and processes. `start_port` is None where all workers share `port`."""

    bind: str
    port: int
    start_port: int | None
    workers: int
    decoders: int
    max_concurrency: int
    reload: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresConfig:
    """One way to reach a PostgreSQL database."""

    host: str
    port: int
    user: str
    password: str
    database: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseConfig:
    """SQLite at `path` unless `postgres` is set; `direct` is how migrations reach it."""

    path: Path
    postgres: PostgresConfig | None
    direct: PostgresConfig | None
    schema_dir: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadConfig:
    """What is accepted: bytes a file, pixels over all frames."""

    max_file_size: int
    max_pixels: int
    keep_metadata: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class WebConfig:
    """How requests are seen. `behind_nginx` means that only our own Nginx reaches the workers;
    `list_cache` is the folder it shares with them, if any."""

    frontend_dir: Path
    public_url: str | None
    trusted_proxies: tuple[Network, ...]
    behind_nginx: bool
    cors_origins: tuple[str, ...]
    rate_limit: int
    list_cache: Path | None


@dataclass(frozen=True, slots=True, kw_only=True)
class S3Config:
    """A bucket. Without keys the machine's role is used, without an endpoint Amazon's own."""

    bucket: str
    region: str
    endpoint: str | None
    access_key: str | None
    secret_key: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageConfig:
    """Where pictures are: "disk" or "s3", and while they are moved in `also`, too. `public_url`
    and `redirects` are where visitors are sent for the bytes."""

    kind: str
    also: str | None
    s3: S3Config | None
    public_url: str | None
    redirects: bool

    @property
    def remote(self) -> bool:
        """Whether any picture may be in object storage."""
        return "s3" in {self.kind, self.also}


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupConfig:
    """Where backups are, when they are taken (a time of day in UTC, or so often), and for how
    many days they are kept."""

    folder: Path
    schedule: time | timedelta
    keep_days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricsConfig:
    """Where processes count, and who may read it (nobody named: private networks, directly)."""

    folder: Path
    allow: tuple[Network, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookConfig:
    """Who is told what happens, and what it is signed with."""

    urls: tuple[str, ...]
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class LogConfig:
    """Where and how lines are written."""

    folder: Path
    level: str
    format: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Everything a process needs to know about the outside."""

    environment: str
    images_dir: Path
    storage: StorageConfig
    server: ServerConfig
    database: DatabaseConfig
    uploads: UploadConfig
    web: WebConfig
    backups: BackupConfig
    metrics: MetricsConfig
    webhooks: WebhookConfig
    logs: LogConfig
