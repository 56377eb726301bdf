"""What nobody will finish."""

from __future__ import annotations

from shoebox.app import resumable
from shoebox.config import Config
from shoebox.storage.partials import DiskPartials
from shoebox.wiring.adapters import SystemClock


def sweep_uploads(config: Config) -> int:
    """Remove uploads in pieces that were not heard of for long; how many. Raises `ShoeboxError`."""
    return resumable.sweep(DiskPartials(config.images_dir), SystemClock())
