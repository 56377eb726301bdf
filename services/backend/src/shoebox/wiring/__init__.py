"""Where the rooms are joined: the only package that names concrete adapters.

What is made here before the fork is shared by all processes: sockets and memory. What holds
connections is made after it: connections do not survive a fork.
"""

from shoebox.web.request import current_request_id
from shoebox.wiring.adapters import migrate, preload
from shoebox.wiring.leftovers import sweep_uploads
from shoebox.wiring.programs import programs
from shoebox.wiring.use_cases import (
    build,
    build_backups,
    build_copier,
    build_exporter,
    build_restoration,
    build_sweeper,
    importing,
    subscribe,
)

__all__ = [
    "build",
    "build_backups",
    "build_copier",
    "build_exporter",
    "build_restoration",
    "build_sweeper",
    "current_request_id",
    "importing",
    "migrate",
    "preload",
    "programs",
    "subscribe",
    "sweep_uploads",
]
