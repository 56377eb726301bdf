"""Every setting there is, in one table.

The README's table and the `.env.sample` files are checked against it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from shoebox.config import readers

MIB: Final = 1024 * 1024
PORT_RANGE: Final = "a port, 1 to 65535"
_port = readers.whole(1, 65535)


@dataclass(frozen=True, slots=True)
class Setting:
    """One environment variable: its default as a user would write it (empty: see `meaning`),
    what it takes in words, what it means, and how it is read."""

    name: str
    default: str
    allowed: str
    meaning: str
    read: Callable[[str], object]
    aliases: tuple[str, ...] = ()
    secret: bool = False  # may also come as NAME_FILE, as Docker secrets need


SETTINGS: Final = (
    # Where things are
    Setting(
        "STATE_DIR",
        "",
        "a folder",
        "holds all that a run writes; without it `img_storage/`, `logs/`, `backups/` "
        "and `.state/` of the working directory do",
        readers.path,
    ),
    Setting(
        "IMAGES_DIR",
        "",
        "a folder",
        "the pictures; `img_storage` (of STATE_DIR if that is set)",
        readers.path,
        aliases=("UPLOAD_DIR",),
    ),
    Setting("LOG_DIR", "", "a folder", "the logs; `logs` (of STATE_DIR if that is set)", readers.path),
    Setting("FRONTEND_DIR", "", "a folder", "the pages; `services/frontend` of the checkout", readers.path),
    Setting("INIT_SQL_DIR", "", "a folder", "the database schema; `init-sql` of the checkout", readers.path),
    # The web server
    Setting("PORT", "8080", PORT_RANGE, "where visitors come in: shared by all workers, or Nginx's own", _port),
    Setting(
        "BIND",
        "",
        "an address",
        "the address listened on; `0.0.0.0` with the shared PORT, `127.0.0.1` with "
        "WEB_SERVER_START_PORT, where only Nginx should reach the workers",
        readers.host,
    ),
    Setting(
        "WEB_SERVER_WORKERS", "", "1 to 64", "worker processes; one a core, at least 2, at most 8", readers.whole(1, 64)
    ),
    Setting(
        "WEB_SERVER_START_PORT",
        "",
        PORT_RANGE,
        "worker i listens on this port + i, behind Nginx; without it all "
        "share PORT and serve pages and files themselves",
        _port,
    ),
    Setting("DECODERS", "", "1 to 64", "processes that decode pictures; one a core, at most 8", readers.whole(1, 64)),
    Setting(
        "MAX_CONCURRENCY",
        "64",
        "1 to 4096",
        "requests in work at once on this host; the others wait, or get 503",
        readers.whole(1, 4096),
    ),
    Setting(
        "PUBLIC_URL",
        "",
        "http(s)://host[:port]",
        "the address in links; otherwise the request's own host",
        readers.origin,
    ),
    Setting(
        "TRUSTED_PROXIES",
        "",
        "addresses and networks, with commas",
        "proxies in front of us whose X-Forwarded-For, -Proto and -Host are believed",
        readers.networks,
    ),
    Setting("CORS_ORIGINS", "", "origins with commas, or *", "sites whose scripts may use the API", readers.origins),
    Setting(
        "RATE_LIMIT",
        "0",
        "0 to 1000000",
        "uploads and deletions a minute and client address; 0 is no limit",
        readers.whole(0, 1_000_000),
    ),
    Setting("RELOAD", "false", "true or false", "development: reload when the source changes", readers.truth),
    Setting("ENVIRONMENT", "production", "a word", "a name for this installation, told by /health", readers.name),
    Setting(
        "LIST_CACHE_DIR",
        "",
        "a folder",
        "answers to lists are kept there as files that Nginx serves itself; all workers of the database and "
        "Nginx must share it, so only on one host; without it every list is asked of the database",
        readers.path,
    ),
    # What is accepted
    Setting(
        "MAX_FILE_SIZE",
        str(20 * MIB),
        "bytes, 1024 to 1073741824",
        "the largest picture",
        readers.whole(1024, 1024 * MIB),
    ),
    Setting(
        "MAX_PIXELS",
        "50000000",
        "1 to 500000000",
        "width x height x frames; four times as many for a JPEG",
        readers.whole(1, 500_000_000),
    ),
    Setting(
        "KEEP_METADATA",
        "false",
        "true or false",
        "keep place, camera, comments and the like in the pictures",
        readers.truth,
    ),
    # Where pictures are kept
    Setting(
        "STORAGE",
        "disk",
        "disk or s3",
        "in IMAGES_DIR, or in a bucket of S3 or a store that speaks its protocol (docs/s3.md)",
        readers.one_of("disk", "s3"),
    ),
    Setting(
        "STORAGE_ALSO",
        "",
        "disk or s3",
        "while pictures are moved: what STORAGE lacks is read from there, and deletions are of both",
        readers.one_of("disk", "s3"),
    ),
    Setting("AWS_BUCKET_NAME", "", "a name", "the bucket", readers.name),
    Setting("AWS_REGION", "us-east-1", "a name", "its region", readers.name),
    Setting(
        "AWS_ACCESS_KEY_ID",
        "",
        "any text",
        "who may use the bucket; without it the role of the machine",
        readers.text,
        secret=True,
    ),
    Setting("AWS_SECRET_ACCESS_KEY", "", "any text", "the key's secret", readers.text, secret=True),
    Setting(
        "S3_ENDPOINT_URL",
        "",
        "http(s)://host[:port][/path]",
        "a store that speaks S3's protocol; otherwise Amazon's",
        readers.address,
    ),
    Setting(
        "S3_PUBLIC_URL",
        "",
        "http(s)://host[:port][/path]",
        "where the bucket's objects are for everybody (a CDN): visitors are sent there for pictures",
        readers.address,
    ),
    Setting(
        "S3_REDIRECTS",
        "false",
        "true or false",
        "send visitors to signed addresses of the store for pictures, good for an hour",
        readers.truth,
    ),
    # The database
    Setting(
        "DATABASE_PATH",
        "",
        "a file",
        "the SQLite file; `.state/shoebox.db` (of STATE_DIR if that is set)",
        readers.path,
    ),
    Setting(
        "POSTGRES_HOST", "", "a host", "use PostgreSQL there instead of SQLite", readers.host, aliases=("DB_HOST",)
    ),
    Setting("POSTGRES_DB_PORT", "5432", PORT_RANGE, "PostgreSQL's port", _port, aliases=("POSTGRES_PORT", "DB_PORT")),
    Setting("POSTGRES_DB", "shoebox", "a name", "the database", readers.name, aliases=("DB_NAME",)),
    Setting("POSTGRES_USER", "shoebox", "a name", "its user", readers.name, aliases=("DB_USER",)),
    Setting(
        "POSTGRES_PASSWORD", "", "any text", "the user's password", readers.text, aliases=("DB_PASSWORD",), secret=True
    ),
    Setting(
        "USE_PGBOUNCER",
        "false",
        "true or false",
        "reach PostgreSQL through PgBouncer (migrations go directly)",
        readers.truth,
    ),
    Setting("PGBOUNCER_HOST", "127.0.0.1", "a host", "PgBouncer's host", readers.host),
    Setting("PGBOUNCER_PORT", "6432", PORT_RANGE, "PgBouncer's port", _port),
    Setting("PGBOUNCER_USER", "", "a name", "the user at PgBouncer; POSTGRES_USER", readers.name),
    Setting("PGBOUNCER_PASSWORD", "", "any text", "its password; POSTGRES_PASSWORD", readers.text, secret=True),
    Setting("MAX_CLIENT_CONN", "400", "10 to 100000", "client connections PgBouncer takes", readers.whole(10, 100_000)),
    Setting(
        "DEFAULT_POOL_SIZE", "20", "1 to 1000", "connections PgBouncer keeps to PostgreSQL", readers.whole(1, 1000)
    ),
    # Backups
    Setting("BACKUPS_DIR", "", "a folder", "the backups; `backups` (of STATE_DIR if that is set)", readers.path),
    Setting(
        "BACKUP_SCHEDULE",
        "03:00",
        "HH:MM, or a number with s, m or h",
        "when `shoebox backup --scheduled` takes one: daily at that time (UTC), or so often",
        readers.schedule,
    ),
    Setting(
        "BACKUP_KEEP_DAYS",
        "7",
        "1 to 36500",
        "days a backup is kept; the last good one always is",
        readers.whole(1, 36500),
    ),
    # Seen from outside
    Setting(
        "METRICS_ALLOW",
        "",
        "addresses and networks, with commas",
        "who may read /metrics; without it private networks, but not through a proxy",
        readers.networks,
    ),
    Setting(
        "WEBHOOK_URLS",
        "",
        "http(s) addresses with commas, at most 8",
        "who is told of each picture that comes or goes",
        readers.addresses,
    ),
    Setting("WEBHOOK_SECRET", "", "any text", "what webhooks are signed with; SECRET_KEY", readers.text, secret=True),
    Setting(
        "SECRET_KEY",
        "",
        "any text",
        "what is signed is signed with this, where it has no secret of its own",
        readers.text,
        secret=True,
    ),
    # Logs
    Setting(
        "LOG_LEVEL",
        "INFO",
        "DEBUG, INFO, WARNING or ERROR",
        "the least that is logged; requests are INFO",
        readers.one_of("DEBUG", "INFO", "WARNING", "ERROR"),
    ),
    Setting("LOG_FORMAT", "text", "text or json", "how lines of app.log look", readers.one_of("text", "json")),
)
