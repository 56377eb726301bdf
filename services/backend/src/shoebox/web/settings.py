"""What the web room is told from outside, as plain values and callables."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from shoebox.web.access_log import AccessLog
from shoebox.web.kept import KeptLists
from shoebox.web.metrics import Metrics
from shoebox.web.proxies import Network


def no_limit(_client: str) -> float:
    """A rate check that lets everybody pass."""
    return 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class WebSettings:
    """How requests are seen and answered.

    `frontend_dir` holds the pages, `static/` and `templates/`. `public_url` has no slash at
    its end. `trust_peer` says that only our own Nginx connects. `rate_check` takes a client
    address and answers the seconds it has to wait, 0 for none; it is asked once for each
    state-changing request. `remote_store` says that pictures are in object storage, and
    `picture_link` where visitors are sent for the bytes of a key. `access_log` is called once for each answer.
    `kept_lists` is where Nginx finds lists.
    """

    frontend_dir: Path
    version: str
    access_log: AccessLog
    public_url: str | None = None
    trusted_proxies: tuple[Network, ...] = ()
    trust_peer: bool = False
    cors_origins: tuple[str, ...] = ()
    rate_check: Callable[[str], float] = no_limit
    remote_store: bool = False
    picture_link: Callable[[str], str] | None = None
    metrics: Metrics | None = None
    kept_lists: KeptLists | None = None
