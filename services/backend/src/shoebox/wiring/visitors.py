"""What the web room is told: how visitors are seen, answered, counted and logged."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

from shoebox import __version__, logs
from shoebox.config import Config
from shoebox.db.outbox import SqlOutbox
from shoebox.metrics.asked import StoreNumbers
from shoebox.metrics.exposition import Exposition
from shoebox.metrics.measured import count_request
from shoebox.metrics.served import ServedLists
from shoebox.metrics.tally import Tally
from shoebox.server.limiter import RateLimiter
from shoebox.storage.archive import Archive
from shoebox.storage.kept_lists import KeptLists
from shoebox.web import access_log
from shoebox.web.metrics import Metrics
from shoebox.web.settings import WebSettings, no_limit
from shoebox.wiring import adapters

log = logging.getLogger(__name__)


def web_settings(
    config: Config,
    *,
    limiter: RateLimiter | None,
    metrics: Path,
    tally: Tally,
    repository: adapters.Repository,
    kept_lists: KeptLists | None,
) -> WebSettings:
    """The settings of one worker. `metrics` is the folder of the host's counters, `tally` the
    worker's own."""
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
        rate_check=limiter.check if limiter else no_limit,
        remote_store=config.storage.remote,
        picture_link=_picture_link(config),
        metrics=Metrics(
            Exposition(metrics, asked, served_lists(config) if kept_lists else None).render, config.metrics.allow
        ),
        kept_lists=kept_lists,
    )


def served_lists(config: Config) -> ServedLists:
    """What Nginx gives by itself, counted where it writes its logs."""
    return ServedLists(config.logs.folder / "nginx" / "lists.count")


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


def _picture_link(config: Config) -> Callable[[str], str] | None:
    """Where visitors are sent for a picture. Not while some of them are elsewhere."""
    storage = config.storage
    if storage.kind != "s3" or storage.also:
        return None
    if storage.public_url:
        return lambda key: f"{storage.public_url}/images/{key}"
    return adapters.stores(config).link() if storage.redirects else None
