"""The processes of a host: what each runs, and what they share."""

from __future__ import annotations

import logging
import os
import signal
import socket
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from shoebox import __version__
from shoebox.app.webhooks import Deliverer
from shoebox.config import Config
from shoebox.db.outage import Outage, OutageClock
from shoebox.db.outbox import SqlOutbox
from shoebox.domain.errors import ShoeboxError
from shoebox.domain.image import Image
from shoebox.imaging import decoder
from shoebox.metrics import families
from shoebox.metrics.measured import decoding, note_load, note_sweep
from shoebox.metrics.tally import Tally
from shoebox.server import worker
from shoebox.server.attendants import step_aside
from shoebox.server.limiter import RateLimiter
from shoebox.server.limits import Limits, Load
from shoebox.server.programs import Address, Program, Slot
from shoebox.server.reload import watcher
from shoebox.storage import freeing
from shoebox.storage.kept_lists import KeptLists
from shoebox.web.handler import make_handler
from shoebox.web.presenters import image_json
from shoebox.webhooks.desk import Desk
from shoebox.webhooks.sender import HttpSender
from shoebox.wiring import adapters
from shoebox.wiring.leftovers import sweep_uploads
from shoebox.wiring.use_cases import build, build_marks, build_sweeper
from shoebox.wiring.visitors import served_lists, web_settings

SWEEP_INTERVAL: Final = 3600.0  # seconds
# The first thing that is done; each sweep does it again, so that this only repeats the warning.
MARK_INTERVAL: Final = 24 * 3600.0  # seconds
# Seconds that a request waits for a database that went away, counted from when it went: a container
# that was killed is back in one to five. Who asks after that hears at once that it is away.
DATABASE_PATIENCE: Final = 8.0
# More than a decoder may be away on one job; the kernel's alarm ends it long before.
DECODER_FREEZE_LIMIT: Final = decoder.WALL_LIMIT + decoder.LOCK_LIMIT + 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """What all processes of a host have in common, made before the fork."""

    to_decoders: socket.socket
    jobs: socket.socket
    large_lock: int
    to_freer: socket.socket
    deleted: socket.socket
    limiter: RateLimiter | None
    metrics: Path
    outage_clock: OutageClock


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
        Program(name="marker", run=lambda slot: _mark(config, slot), every=MARK_INTERVAL, first=0.0, freeze_limit=None),
        Program(name="sweeper", run=lambda slot: _sweep(config, shared, slot), every=SWEEP_INTERVAL, freeze_limit=None),
        Program(
            name="decoder",
            run=lambda slot: _decode(config, shared, slot),
            count=server.decoders,
            freeze_limit=DECODER_FREEZE_LIMIT,
        ),
        Program(name="freer", run=lambda slot: _free(shared, slot), freeze_limit=None),
    ]
    if config.webhooks.urls:
        found.append(Program(name="webhooks", run=lambda slot: _deliver(config, shared, slot)))
    if server.reload:
        master = os.getpid()
        watched = [Path(__file__).parents[1], config.web.frontend_dir / "templates", Path(".env")]
        found.append(watcher(watched, lambda: os.kill(master, signal.SIGHUP)))
    return found


def _addresses(config: Config) -> Sequence[Address]:
    server = config.server
    if server.start_port is None:
        return [Address(host=server.bind, port=server.port)]
    return [Address(host=server.bind, port=server.start_port + index) for index in range(server.workers)]


def _share(config: Config) -> Shared:
    to_decoders, jobs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    to_freer, deleted = freeing.make_line()
    lock = os.open(config.images_dir / ".large", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    limit = config.web.rate_limit
    if config.web.list_cache:
        KeptLists(config.web.list_cache).prepare()
    return Shared(
        to_decoders=to_decoders,
        jobs=jobs,
        large_lock=lock,
        to_freer=to_freer,
        deleted=deleted,
        limiter=RateLimiter(limit) if limit else None,
        metrics=_metrics_folder(config.metrics.folder),
        outage_clock=OutageClock(),
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
    shared.deleted.close()
    tally = Tally(shared.metrics)
    outage = Outage(patience=DATABASE_PATIENCE, step_aside=step_aside, clock=shared.outage_clock)
    repository = adapters.repository(config, pool_size=adapters.threads(config), outage=outage)
    application = build(config, shared.to_decoders, repository=repository, tally=tally, freer=shared.to_freer)
    kept_lists = adapters.kept_lists(config)
    handler = make_handler(
        application,
        web_settings(
            config,
            limiter=shared.limiter,
            metrics=shared.metrics,
            tally=tally,
            repository=repository,
            kept_lists=kept_lists,
        ),
    )

    def on_event(event: str, /, **fields: object) -> None:
        if event == worker.REFUSED:
            tally.add(families.REFUSED)
        _log_event(event, **fields)

    def on_tick(load: Load) -> None:
        note_load(tally, load, *repository.connections)
        if kept_lists and kept_lists.look():
            served_lists(config).trim()

    limits = Limits(threads=adapters.threads(config))
    return worker.Worker(slot, handler, limits=limits, on_event=on_event, on_tick=on_tick).serve()


def _decode(config: Config, shared: Shared, slot: Slot) -> int:
    slot.ready()
    tally = Tally(shared.metrics)
    tally.set(families.DECODERS, 1)
    return decoder.serve(
        shared.jobs,
        adapters.decoding(config, shared.large_lock),
        beat=slot.beat,
        draining=lambda: slot.draining,
        put_back=shared.to_decoders,
        working=lambda: decoding(tally),
    )


def _free(shared: Shared, slot: Slot) -> int:
    slot.ready()
    return freeing.Freer(os, shared.deleted, wait=slot.wait, draining=lambda: slot.draining).serve()


def _deliver(config: Config, shared: Shared, slot: Slot) -> int:
    slot.ready()
    tally = Tally(shared.metrics)
    urls = config.webhooks.urls
    outbox = SqlOutbox(adapters.repository(config, pool_size=len(urls) + 1))
    deliverer = Deliverer(
        outbox=outbox,
        sender=HttpSender(
            secret=config.webhooks.secret,
            present=lambda image: _told(image, config.web.public_url),
            agent=f"Shoebox/{__version__}",
        ),
        clock=adapters.SystemClock(),
        count=lambda outcome: tally.add(families.DELIVERIES, (outcome,)),
    )
    return Desk(urls, outbox=outbox, deliver=deliverer.deliver, wait=slot.wait, draining=lambda: slot.draining).serve()


def _told(image: Image, public_url: str | None) -> dict[str, object]:
    """A picture as webhooks show it: as the API does, which knows its own address from a request."""
    told = image_json(image, public_url or "")
    if not public_url:
        del told["absolute_url"]
    return told


def _mark(config: Config, slot: Slot) -> int:
    slot.ready()
    try:
        build_marks(config).announce()
    except ShoeboxError as error:
        logging.getLogger("shoebox.server").warning("store not marked", extra={"reason": str(error)})
    return 0


def _sweep(config: Config, shared: Shared, slot: Slot) -> int:
    slot.ready()
    sweep_uploads(config)
    report = build_sweeper(config).run_once_per_deployment()
    if report:
        note_sweep(Tally(shared.metrics), report)
    return 0


def _log_event(event: str, /, **fields: object) -> None:
    logging.getLogger("shoebox.server").info(event, extra=fields)
