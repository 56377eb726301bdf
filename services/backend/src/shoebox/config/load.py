"""From an environment to a `Config`, or to every problem in it at once."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from shoebox.config.model import (
    BackupConfig,
    Config,
    DatabaseConfig,
    LogConfig,
    MetricsConfig,
    PostgresConfig,
    S3Config,
    ServerConfig,
    StorageConfig,
    UploadConfig,
    WebConfig,
    WebhookConfig,
)
from shoebox.config.settings import SETTINGS, Setting

CHECKOUT: Final = Path(__file__).resolve().parents[5]  # where a checkout keeps the pages and the schema
MAX_PORT: Final = 65535


class ConfigError(Exception):
    """The settings can't be used. Each problem is one line naming the variable, the value
    and what is allowed."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


class _Values:
    """The settings that were given, read; the problems met on the way."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self._read: dict[str, Any] = {}
        self.problems: list[str] = []
        for setting in SETTINGS:
            given = self._given(setting, env)
            if given is None:
                continue
            variable, value = given
            try:
                self._read[setting.name] = setting.read(value)
            except ValueError:
                shown = "(hidden)" if setting.secret else repr(value[:80])
                self.problems.append(f"{variable}={shown} is not usable: allowed is {setting.allowed}")

    def _given(self, setting: Setting, env: Mapping[str, str]) -> tuple[str, str] | None:
        """The variable that sets it and its text; an empty one counts as absent."""
        for variable in (setting.name, *setting.aliases):
            if env.get(variable):
                return variable, env[variable]
            file = env.get(f"{variable}_FILE") if setting.secret else None
            if file:
                try:
                    return f"{variable}_FILE", Path(file).read_text(encoding="utf-8").rstrip("\r\n")
                except (OSError, UnicodeDecodeError) as error:
                    reason = getattr(error, "strerror", None) or "not text"
                    self.problems.append(
                        f"{variable}_FILE={file!r} is not usable: {reason}; allowed is a readable file"
                    )
                    return None
        return (setting.name, setting.default) if setting.default else None

    def __call__(self, name: str, default: Any = None) -> Any:
        """The value that was read; its type is the reader's."""
        return self._read.get(name, default)


def load(env: Mapping[str, str]) -> Config:
    """Read every setting from `env`. Raises `ConfigError` with all problems together."""
    values = _Values(env)
    if not values.problems:
        values.problems.extend(_contradictions(values))
    if values.problems:
        raise ConfigError(values.problems)
    state: Path | None = values("STATE_DIR")
    base = state or Path.cwd()
    return Config(
        environment=values("ENVIRONMENT"),
        images_dir=values("IMAGES_DIR", base / "img_storage"),
        storage=_storage(values),
        server=_server(values),
        database=_database(values, state or base / ".state"),
        uploads=UploadConfig(
            max_file_size=values("MAX_FILE_SIZE"),
            max_pixels=values("MAX_PIXELS"),
            keep_metadata=values("KEEP_METADATA"),
        ),
        web=WebConfig(
            frontend_dir=values("FRONTEND_DIR", CHECKOUT / "services" / "frontend"),
            public_url=values("PUBLIC_URL"),
            trusted_proxies=values("TRUSTED_PROXIES", ()),
            behind_nginx=values("WEB_SERVER_START_PORT") is not None,
            cors_origins=values("CORS_ORIGINS", ()),
            rate_limit=values("RATE_LIMIT"),
            list_cache=values("LIST_CACHE_DIR"),
        ),
        backups=BackupConfig(
            folder=values("BACKUPS_DIR", base / "backups"),
            schedule=values("BACKUP_SCHEDULE"),
            keep_days=values("BACKUP_KEEP_DAYS"),
        ),
        metrics=MetricsConfig(
            folder=(state or base / ".state") / "metrics",
            allow=values("METRICS_ALLOW", ()),
        ),
        webhooks=WebhookConfig(
            urls=values("WEBHOOK_URLS", ()), secret=values("WEBHOOK_SECRET", values("SECRET_KEY", ""))
        ),
        logs=LogConfig(folder=values("LOG_DIR", base / "logs"), level=values("LOG_LEVEL"), format=values("LOG_FORMAT")),
    )


def _server(values: _Values) -> ServerConfig:
    cores = os.cpu_count() or 1
    start_port: int | None = values("WEB_SERVER_START_PORT")
    return ServerConfig(
        bind=values("BIND", "0.0.0.0" if start_port is None else "127.0.0.1"),  # noqa: S104  # embedded is for the LAN
        port=values("PORT"),
        start_port=start_port,
        workers=values("WEB_SERVER_WORKERS", max(2, min(8, cores))),
        decoders=values("DECODERS", min(8, cores)),
        max_concurrency=values("MAX_CONCURRENCY"),
        reload=values("RELOAD"),
    )


def _storage(values: _Values) -> StorageConfig:
    s3 = None
    if values("AWS_BUCKET_NAME"):
        s3 = S3Config(
            bucket=values("AWS_BUCKET_NAME"),
            region=values("AWS_REGION"),
            endpoint=values("S3_ENDPOINT_URL"),
            access_key=values("AWS_ACCESS_KEY_ID"),
            secret_key=values("AWS_SECRET_ACCESS_KEY"),
        )
    return StorageConfig(
        kind=values("STORAGE"),
        also=values("STORAGE_ALSO"),
        s3=s3,
        public_url=values("S3_PUBLIC_URL"),
        redirects=values("S3_REDIRECTS"),
    )


def _database(values: _Values, state: Path) -> DatabaseConfig:
    direct = None
    if values("POSTGRES_HOST"):
        direct = PostgresConfig(
            host=values("POSTGRES_HOST"),
            port=values("POSTGRES_DB_PORT"),
            user=values("POSTGRES_USER"),
            password=values("POSTGRES_PASSWORD", ""),
            database=values("POSTGRES_DB"),
        )
    pooled = direct
    if direct and values("USE_PGBOUNCER"):
        pooled = replace(
            direct,
            host=values("PGBOUNCER_HOST"),
            port=values("PGBOUNCER_PORT"),
            user=values("PGBOUNCER_USER", direct.user),
            password=values("PGBOUNCER_PASSWORD", direct.password),
        )
    return DatabaseConfig(
        path=values("DATABASE_PATH", state / "shoebox.db"),
        postgres=pooled,
        direct=direct,
        schema_dir=values("INIT_SQL_DIR", CHECKOUT / "init-sql"),
    )


def _contradictions(values: _Values) -> list[str]:
    found = []
    start_port, workers = values("WEB_SERVER_START_PORT"), values("WEB_SERVER_WORKERS", 8)
    if start_port and start_port + workers - 1 > MAX_PORT:
        found.append(f"WEB_SERVER_START_PORT={start_port} is not usable: {workers} workers need ports up to {MAX_PORT}")
    if start_port and start_port <= values("PORT") < start_port + workers:
        found.append(f"PORT={values('PORT')} is not usable: it is one of the workers' ports; choose one outside")
    if values("USE_PGBOUNCER") and not values("POSTGRES_HOST"):
        found.append("USE_PGBOUNCER='true' is not usable without POSTGRES_HOST, where migrations go directly")
    if values("WEBHOOK_URLS") and not values("WEBHOOK_SECRET", values("SECRET_KEY")):
        found.append("WEBHOOK_URLS is not usable without WEBHOOK_SECRET, by which receivers know that it is us")
    if "s3" in {values("STORAGE"), values("STORAGE_ALSO")} and not values("AWS_BUCKET_NAME"):
        found.append("STORAGE='s3' is not usable without AWS_BUCKET_NAME, the bucket's name")
    if bool(values("AWS_ACCESS_KEY_ID")) != bool(values("AWS_SECRET_ACCESS_KEY")):
        found.append("AWS_ACCESS_KEY_ID is not usable without AWS_SECRET_ACCESS_KEY, nor that without it")
    if values("STORAGE_ALSO") == values("STORAGE"):
        found.append(f"STORAGE_ALSO={values('STORAGE')!r} is not usable: allowed is the store that STORAGE is not")
    return found
