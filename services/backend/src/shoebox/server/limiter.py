"""A rate limit that holds over all processes of a host.

Each client has a token bucket, kept as the one number that says the same (GCRA, the generic
cell rate algorithm of ITU-T I.371): the time at which its bucket will be full again.
"""

from __future__ import annotations

import fcntl
import hashlib
import mmap
import secrets
import struct
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

SLOTS: Final = 8192  # clients remembered; 128 kB
PROBES: Final = 8  # places a client may stand in; when all are taken the stalest gives way
WINDOW: Final = 60.0  # seconds: limits are named per minute
_SLOT: Final = struct.Struct("=8sd")  # client's digest, time its bucket is full


class RateLimiter:
    """At most `per_minute` requests at once and, after that, as many a minute; 0 is no limit.

    Make it before the fork: the table is anonymous shared memory. The lock is the kernel's
    (fcntl.lockf), so a process that is killed while it holds it hinders nobody. When more
    clients come than the table holds, the longest quiet are forgotten, in their favour.
    """

    def __init__(self, per_minute: int, *, slots: int = SLOTS, clock: Callable[[], float] = time.monotonic) -> None:
        self._step = WINDOW / per_minute if per_minute else 0.0
        self._slots = slots
        self._clock = clock
        self._table = mmap.mmap(-1, slots * _SLOT.size)
        # Keyed, so that nobody can choose addresses that fall on another's slots.
        self._key = secrets.token_bytes(16)
        self._threads = threading.Lock()  # a process holds its record locks for all its threads
        self._file, path = tempfile.mkstemp()
        Path(path).unlink()

    def check(self, client: str) -> float:
        """Take one token of `client`; 0.0, or the seconds after which there will be one."""
        if not self._step:
            return 0.0
        digest = hashlib.blake2b(client.encode(), digest_size=8, key=self._key).digest()
        with self._lock():
            now = self._clock()
            offset, full_at = self._find(digest)
            full_at = max(full_at, now) + self._step
            # A few nanoseconds of slack: sums of steps are rounded.
            if full_at - now > WINDOW + 1e-6:
                return full_at - now - WINDOW
            _SLOT.pack_into(self._table, offset, digest, full_at)
            return 0.0

    def _find(self, digest: bytes) -> tuple[int, float]:
        """The client's place, or the stalest of those it may have, and when its bucket is full."""
        stalest, stalest_full_at = 0, float("inf")
        for offset in self._places(digest):
            owner, full_at = _SLOT.unpack_from(self._table, offset)
            if owner == digest:
                return offset, full_at
            if full_at < stalest_full_at:
                stalest, stalest_full_at = offset, full_at
        return stalest, 0.0

    def _places(self, digest: bytes) -> Iterator[int]:
        first = int.from_bytes(digest, "big")
        return ((first + probe) % self._slots * _SLOT.size for probe in range(PROBES))

    @contextmanager
    def _lock(self) -> Iterator[None]:
        with self._threads:
            fcntl.lockf(self._file, fcntl.LOCK_EX)
            try:
                yield
            finally:
                fcntl.lockf(self._file, fcntl.LOCK_UN)
