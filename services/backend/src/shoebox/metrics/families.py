"""Every number that is kept, with what it means. docs/observability.md tells the same to people."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final


class Kind(Enum):
    """How the numbers of several processes become one.

    A counter and a histogram live longer than the process that counted; a gauge is what living
    processes say, added up; of a memory the newest counts, whoever wrote it.
    """

    COUNTER = "counter"
    HISTOGRAM = "histogram"
    GAUGE = "gauge"
    MEMORY = "memory"


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """One number for each combination of its labels. `bounds` are a histogram's upper limits."""

    name: str
    about: str
    kind: Kind
    labels: tuple[str, ...] = ()
    bounds: tuple[float, ...] = ()

    @property
    def width(self) -> int:
        """How many doubles it takes: buckets, one for what is beyond them, and the sum; a
        memory has its value and its time."""
        return {Kind.HISTOGRAM: len(self.bounds) + 2, Kind.MEMORY: 2}.get(self.kind, 1)


def _counter(name: str, about: str, *labels: str) -> Family:
    return Family(name=name, about=about, kind=Kind.COUNTER, labels=labels)


def _gauge(name: str, about: str, *labels: str) -> Family:
    return Family(name=name, about=about, kind=Kind.GAUGE, labels=labels)


def _memory(name: str, about: str) -> Family:
    return Family(name=name, about=about, kind=Kind.MEMORY)


SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
BYTES: Final = tuple(float(4**power * 1024) for power in range(1, 10))  # 4 KiB to 256 MiB

# Kept with the status, told as `shoebox_http_requests` with it and as latency without it: so a
# request costs one entry.
REQUESTS: Final = Family(
    name="shoebox_http_request_seconds",
    about="Seconds from the first byte of a request to the last of its answer, by the route's template.",
    kind=Kind.HISTOGRAM,
    labels=("method", "route", "status"),
    bounds=SECONDS,
)
UPLOADS: Final = Family(
    name="shoebox_upload_bytes",
    about="Size of the pictures that were taken in, as they were received.",
    kind=Kind.HISTOGRAM,
    bounds=BYTES,
)
EXAMINATIONS: Final = Family(
    name="shoebox_examine_seconds",
    about="Seconds that a worker waited for a decoder's answer: the queue and the decoding.",
    kind=Kind.HISTOGRAM,
    labels=("kind",),
    bounds=SECONDS,
)
DECODES: Final = Family(
    name="shoebox_decode_seconds",
    about="Seconds that a decoder worked on a picture.",
    kind=Kind.HISTOGRAM,
    bounds=SECONDS,
)
REFUSED: Final = _counter("shoebox_connections_refused", "Connections answered 503 or 408 without a thread.")
SWEEPS: Final = _counter("shoebox_sweeps", "Sweeps of the store by this host.", "outcome")
SWEPT: Final = _counter("shoebox_swept_files", "Files that sweeps removed: without a row, or left by crashes.")
DELIVERIES: Final = _counter("shoebox_webhook_deliveries", "Attempts to deliver a webhook.", "outcome")

WORKERS: Final = _gauge("shoebox_workers", "Worker processes that are at work.")
THREADS: Final = _gauge("shoebox_threads", "Threads of the workers that answer requests.")
THREADS_BUSY: Final = _gauge("shoebox_threads_busy", "Those that are answering one now.")
CONNECTIONS: Final = _gauge("shoebox_connections", "Client connections that are open.")
WAITING: Final = _gauge("shoebox_requests_waiting", "Requests that wait for a thread.")
POOL: Final = _gauge("shoebox_database_connections", "Database connections the workers may use.")
POOL_BUSY: Final = _gauge("shoebox_database_connections_busy", "Those that are in use now.")
JOBS: Final = _gauge("shoebox_decode_jobs", "Pictures given to the decoders and not answered yet.")
DECODERS: Final = _gauge("shoebox_decoders", "Decoder processes that are at work.")
DECODERS_BUSY: Final = _gauge("shoebox_decoders_busy", "Those that are decoding now.")

LAST_SWEEP: Final = _memory("shoebox_sweep_last_timestamp_seconds", "When this host last swept the store.")
MISSING: Final = _memory("shoebox_rows_without_file", "Rows without a file that the last sweep found: a loss.")

FAMILIES: Final = (
    REQUESTS,
    UPLOADS,
    EXAMINATIONS,
    DECODES,
    REFUSED,
    SWEEPS,
    SWEPT,
    DELIVERIES,
    WORKERS,
    THREADS,
    THREADS_BUSY,
    CONNECTIONS,
    WAITING,
    POOL,
    POOL_BUSY,
    JOBS,
    DECODERS,
    DECODERS_BUSY,
    LAST_SWEEP,
    MISSING,
)
