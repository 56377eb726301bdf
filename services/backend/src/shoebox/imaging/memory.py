"""How much memory a decoder process may take, and how it gives it back."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import resource
from pathlib import Path
from typing import Final

KEPT: Final = 160 * 1024**2  # bytes a process may hold on to after shedding; more has leaked

# glibc raises its own threshold to the largest block freed, up to 32 MiB, and a process then
# keeps the raster of the largest picture it has seen. Files of up to 8 MiB, the common ones,
# are worth keeping room for: fresh pages cost a quarter of a millisecond a MiB.
_MMAP_THRESHOLD: Final = (-3, 8 * 1024**2)  # mallopt(3), M_MMAP_THRESHOLD in bytes
_TRIM_THRESHOLD: Final = (-1, 24 * 1024**2)  # M_TRIM_THRESHOLD


def tame_allocator() -> None:
    """Give large blocks back to the system at once; glibc only, elsewhere nothing happens."""
    with contextlib.suppress(OSError, AttributeError):
        libc = ctypes.CDLL(None)
        for option in (_MMAP_THRESHOLD, _TRIM_THRESHOLD):
            libc.mallopt(*option)


def bound(address_space: int) -> None:
    """Let this process allocate `address_space` bytes more than it has, and never dump core.

    Where there is no /proc to tell what it has, memory stays unbounded.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a crash of a hostile picture must not fill the disk
    used = _pages(0)
    if used:
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        limit = used + address_space
        resource.setrlimit(resource.RLIMIT_AS, (limit if hard == resource.RLIM_INFINITY else min(limit, hard), hard))


def shed() -> None:
    """Give back to the system what is free."""
    gc.collect()
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


def resident() -> int:
    """Bytes of memory in use, shared ones included; 0 where there is no /proc."""
    return _pages(1)


def _pages(field: int) -> int:
    """A field of proc(5) statm in bytes: address space (0) or resident memory (1)."""
    try:
        return int(Path("/proc/self/statm").read_bytes().split()[field]) * resource.getpagesize()
    except OSError:
        return 0
